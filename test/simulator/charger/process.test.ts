// The charger as a process: a real pseudo-terminal opened with serialport, its control socket, and its death.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SerialPort } from "serialport";
import { expect, test } from "vitest";
import { type ChargerControl, openChargerControl } from "../../../simulator/charger/control.ts";
import { openPty, type Pty } from "../../../simulator/charger/pty.ts";
import { framed } from "../../../simulator/charger/rapi.ts";

const main = join(import.meta.dirname, "../../../simulator/charger/charger-main.ts");
/** Polls until `look` gives something, at most `withinMs`. */
async function until<T>(
  what: string,
  look: () => T | null | undefined | false,
  withinMs = 15_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Running {
  child: ChildProcess;
  output(): string;
}

/** What one test has running, in a folder of its own; all of it ends with the test. */
class Stage {
  folder = mkdtempSync(join(tmpdir(), "charger-"));
  endings: (() => void)[] = [];

  constructor(onTestFinished: (end: () => void) => void) {
    onTestFinished(() => {
      for (const end of this.endings.reverse()) end();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  async charger(env: Record<string, string> = {}): Promise<Running> {
    const child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env.PATH ?? "",
        CP_ID: "CP-007",
        TTY_LINK: this.at("tty"),
        CONTROL_SOCKET: this.at("control"),
        STATE_PATH: this.at("state.json"),
        CARS: "none",
        CT_RATIO: "3",
        MAX_AMPS: "30",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.endings.push(() => child.kill("SIGKILL"));
    let output = "";
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.on("data", (text: Buffer) => {
        output += text.toString();
      });
    }
    await until("the charger", () => output.includes("started successfully") || child.exitCode !== null);
    return { child, output: () => output };
  }

  async control(): Promise<ChargerControl> {
    const control = await openChargerControl(this.at("control"));
    this.endings.push(() => control.close());
    return control;
  }

  /** Opens the terminal as the engine does; `lines` collects what comes. */
  async line(path = this.at("tty")): Promise<{ port: SerialPort; lines: string[] }> {
    const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false });
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    this.endings.push(() => {
      if (port.isOpen) port.close();
    });
    const lines: string[] = [];
    let rest = "";
    port.on("data", (bytes: Buffer) => {
      const parts = (rest + bytes.toString("latin1")).split("\r");
      rest = parts.pop() ?? "";
      lines.push(...parts.map((line) => line.replace(/^\n+/, "")));
    });
    return { port, lines };
  }
}

/** The processes that descend from `pid`, by /proc. */
function descendants(pid: number): number[] {
  const children = (of: number): number[] => {
    try {
      return readFileSync(`/proc/${of}/task/${of}/children`, "utf8")
        .trim()
        .split(" ")
        .filter(Boolean)
        .map(Number);
    } catch {
      return []; // it ended meanwhile
    }
  };
  return children(pid).flatMap((child) => [child, ...descendants(child)]);
}

function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false; // no such process
  }
}

test.concurrent("serialport reads version and state over the link, and the line outlives the program that used it", async ({
  onTestFinished,
}) => {
  const stage = new Stage(onTestFinished);
  await stage.charger({ FIRMWARE: "8.2.3" });
  expect(realpathSync(stage.at("tty"))).toMatch(/^\/dev\//);
  const first = await stage.line();
  // Boot, including the bytes that are not framed.
  await until("the boot frame", () => first.lines.find((line) => line.startsWith("$AB 00 8.2.3")));
  await until("state A", () => first.lines.find((line) => line.startsWith("$AT 01 01 30 0200")));
  first.port.write(framed("GV :01"), "latin1");
  await until("the version", () => first.lines.includes("$OK 8.2.3 5.2.1 :01^34"));
  first.port.write(framed("GI :02"), "latin1");
  await until("the identity, which is not ASCII", () =>
    first.lines.find((line) => line.startsWith("$OK  JR\u00e1\t\u0017\u00bc")),
  );
  await new Promise<void>((resolve) => first.port.close(() => resolve()));

  const second = await stage.line();
  second.port.write(framed("GS :03"), "latin1");
  await until("the state", () => second.lines.includes("$OK 01 0 01 0200 :03^0B"));
});

test.concurrent("the control socket is this user's alone and answers every bad line with what to do", async ({
  onTestFinished,
}) => {
  const stage = new Stage(onTestFinished);
  await stage.charger();
  expect(statSync(stage.at("control")).mode & 0o777).toBe(0o600);
  const socket = connect(stage.at("control"));
  stage.endings.push(() => socket.destroy());
  let answers = "";
  socket.on("data", (text: Buffer) => {
    answers += text.toString();
  });
  const say = async (line: string) => {
    answers = "";
    socket.write(`${line}\n`);
    return JSON.parse(await until("an answer", () => answers.endsWith("\n") && answers)) as {
      ok: boolean;
      error: string;
    };
  };
  expect((await say("hello")).error).toContain("not JSON");
  expect((await say("[]")).error).toContain("one of status, plug");
  expect((await say('{"do":"explode"}')).error).toContain("one of status, plug");
  expect((await say('{"do":"battery","needWh":-5}')).error).toContain("needWh");
  expect((await say('{"do":"battery","needWh":1e400}')).error).toContain("needWh");
  expect((await say('{"do":"fault","kind":"meteor"}')).error).toContain("gfci");
  expect((await say('{"do":"mains","on":"yes"}')).error).toContain("on");
  expect((await say('{"do":"status","__proto__":{"x":1},"more":1}')).error).toContain("correct it");
  expect((await say('{"do":"unplug"}')).error).toContain("plug one in first");
  expect((await say('{"do":"status"}')).ok).toBe(true);
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  expect((await say("x".repeat(2000))).error).toContain("longer than 1024 bytes");
  await closed;
  // The others are not concerned.
  expect((await (await stage.control()).status()).cp).toBe("CP-007");
});

test.concurrent("the control client plugs, charges, cuts the mains and unplugs; the figures hold together", async ({
  onTestFinished,
}) => {
  const stage = new Stage(onTestFinished);
  await stage.charger({ FIRMWARE: "7.1.3" });
  const control = await stage.control();
  expect(await control.plug({ needWh: 500, maxW: 21_600 })).toMatchObject({
    ok: true,
    status: { plugged: true },
  });
  expect(await control.plug()).toMatchObject({
    ok: false,
    error: expect.stringContaining("unplug it first"),
  });
  const charging = async () => {
    const status = await control.status();
    return status.sessionWs > 0 ? status : null;
  };
  let status = await charging();
  for (const end = Date.now() + 10_000; status === null && Date.now() < end; status = await charging()) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(status).toMatchObject({ state: "03", relayClosed: true, amps: 30, powerW: 21_600, ctRatio: 3 });
  expect(status?.meteredRegisterWs).toBe((status?.sessionWs ?? 0) * 3);
  expect(status?.trueRegisterWs).toBeGreaterThan(status?.meteredRegisterWs ?? 0);
  const dark = await control.mains(false);
  expect(dark).toMatchObject({
    ok: true,
    status: { power: "off", relayClosed: false, plugged: true, sessionWs: 0 },
  });
  const gone = await control.unplug();
  expect(gone).toMatchObject({ ok: true, status: { plugged: false, car: null } });
});

test.concurrent("killed, it leaves no process behind, and comes back with its car, its energy and its terminal", async ({
  onTestFinished,
}) => {
  const stage = new Stage(onTestFinished);
  const { child } = await stage.charger({ FIRMWARE: "7.1.3" });
  const control = await stage.control();
  await control.plug({ needWh: 5000, maxW: 21_600 });
  const line = await stage.line();
  let told = 0;
  const poll = setInterval(() => line.port.write(framed("GU :01"), "latin1"), 200);
  stage.endings.push(() => clearInterval(poll));
  await until(
    "energy told to the host",
    () => {
      told = Number(/OK (\d+) /.exec(line.lines.findLast((text) => text.startsWith("$OK")) ?? "")?.[1] ?? 0);
      return told > 1000;
    },
    15_000,
  );
  const helpers = descendants(child.pid ?? 0);
  expect(helpers.length).toBeGreaterThan(0);
  child.kill("SIGKILL");
  await until("the end of its helpers", () => !helpers.some(lives), 2000);
  clearInterval(poll);

  await stage.charger();
  const again = await stage.control();
  const status = await again.status();
  expect(status).toMatchObject({ plugged: true, power: "booting", sessionWs: 0, relayClosed: false });
  // What the host was told had been saved before.
  expect(status.meteredRegisterWs).toBeGreaterThanOrEqual(told * 3);
  expect(status.car?.missingWh).toBeLessThan(5000);
});

test.concurrent("a second process for the same socket says so and does not disturb the first", async ({
  onTestFinished,
}) => {
  const stage = new Stage(onTestFinished);
  await stage.charger();
  const second = await stage.charger({ TTY_LINK: stage.at("other"), STATE_PATH: stage.at("other.json") });
  await until("its end", () => second.child.exitCode !== null);
  expect(second.output()).toContain("is in use");
  expect((await (await stage.control()).status()).cp).toBe("CP-007");
});

test.concurrent("a wrong setting ends it with one line that names the variable", async ({
  onTestFinished,
}) => {
  const stage = new Stage(onTestFinished);
  const wrong = await stage.charger({ FIRMWARE: "9.9.9", CT_RATIO: "0" });
  expect(wrong.child.exitCode).toBe(78);
  expect(wrong.output()).toMatch(/FIRMWARE=9\.9\.9.*\n.*CT_RATIO=0/);
});

test.concurrent.for(["script", "python3"] as const)(
  "the terminal by %s passes every byte both ways",
  async (holder, { onTestFinished }) => {
    const stage = new Stage(onTestFinished);
    let heard = "";
    const events = { onBytes: (bytes: string) => (heard += bytes), onGone: () => {} };
    const pty: Pty = await openPty(stage.at("tty"), events, [holder]);
    stage.endings.push(() => void pty.close());
    const { port } = await stage.line();
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    port.write(every);
    await until("the bytes at the box", () => heard === every.toString("latin1"));
    const back: Buffer[] = [];
    port.on("data", (bytes: Buffer) => back.push(bytes));
    pty.write(every.toString("latin1"));
    await until("the bytes at the host", () => Buffer.concat(back).equals(every));
  },
);

/** The kernel gives the freed number to whoever opens the next terminal, which is no charger of ours. */
test.concurrent.for(["script", "python3"] as const)(
  "killed, its link leads nowhere before %s lets the terminal go, and to the new one afterwards",
  async (holder, { onTestFinished }) => {
    const stage = new Stage(onTestFinished);
    if (holder === "python3")
      symlinkSync(
        execFileSync(holder, ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim(),
        stage.at(holder),
      );
    const env = holder === "python3" ? { PATH: stage.folder } : {};
    const link = stage.at("tty");
    for (let round = 0; round < 3; round++) {
      const { child, output } = await stage.charger(env);
      expect(output()).toContain("started");
      const terminal = realpathSync(link);
      const own = stage.at(readlinkSync(link));
      child.kill("SIGKILL");
      await until("the end of the terminal", () => !existsSync(terminal), 2000);
      // Read without following it: the number may be another's by now.
      expect(lstatSync(own, { throwIfNoEntry: false })).toBeUndefined();
    }
    const { child } = await stage.charger(env);
    // Nothing of the earlier ones is left beside the link and the name that it leads through.
    expect(readdirSync(stage.folder).filter((name) => name.startsWith("tty"))).toHaveLength(2);
    child.kill("SIGTERM");
    await until("its end", () => child.exitCode !== null);
    expect(existsSync(link)).toBe(false);
  },
);

test("without any helper the error says what to install", async ({ onTestFinished }) => {
  const stage = new Stage(onTestFinished);
  const path = process.env.PATH;
  process.env.PATH = stage.folder;
  try {
    await expect(
      openPty(stage.at("tty"), { onBytes() {}, onGone() {} }, ["script", "python3"]),
    ).rejects.toThrow(/script: .*ENOENT.*python3: .*ENOENT.*install `script`/);
  } finally {
    process.env.PATH = path;
  }
});
