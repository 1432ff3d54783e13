// An engine process on a real journal and a charger made of a few lines, which obeys at once; says on standard output
// what it wishes and what it publishes. FAIL_ON=op: from the answer to that command on the disk gives I/O errors.
import type { Charger, ChargerEvent, Supply } from "../../../device-agent/charger/port.ts";
import { runEngine } from "../../../device-agent/engine/run.ts";
import { JournalBroken } from "../../../device-agent/journal/port.ts";
import { openJournalFile } from "../../../device-agent/journal/sqlite-journal.ts";
import { systemClock } from "../../../wire/process/clock.ts";
import { endWith } from "../../../wire/process/lifetime.ts";
import { openLog } from "../../../wire/process/log.ts";
import { systemTimers } from "../../../wire/process/timers.ts";
import { config, cp, start, stop } from "../../support/engine-story.ts";

const say = (what: string) => process.stdout.write(`${what}\n`);
const journal = openJournalFile(process.env.JOURNAL_PATH ?? "").journalOf(cp);
const commit = journal.commit.bind(journal);
let broken = false;
journal.commit = (state, events, urgent) => {
  broken ||= events.some(({ body }) => body.op !== undefined && body.op === process.env.FAIL_ON);
  if (broken) throw new JournalBroken("disk I/O error");
  commit(state, events, urgent);
};

const clock = systemClock();
let sessionWs = 0;
let relayClosed = false;
let tell: (event: ChargerEvent) => void = () => {};

function read(): void {
  tell({
    is: "reading",
    reading: {
      mono: clock.monoMs(),
      relayClosed,
      plugged: true,
      carReady: true,
      state: relayClosed ? "charging" : "sleeping",
      fault: null,
      sessionWs,
      lifetimeWh: 0,
      powerW: 0,
    },
  });
}

const charger: Charger = {
  start: (listener) => {
    tell = listener;
  },
  want: (supply: Supply) => {
    say(`wish ${supply.on ? "on" : "off"}`);
    relayClosed = supply.on;
  },
  readNow: () => {},
  close: async () => {},
};

const log = openLog("engine");
const engine = runEngine({
  config,
  journal,
  charger,
  clock,
  timers: systemTimers,
  random: Math.random,
  log,
  publish: (payload) => {
    const { type, epoch, body } = JSON.parse(payload);
    say(
      `published ${type} ${epoch} ${body.op ?? ""}${body.reason ?? ""} ${body.registerEndWh ?? ""}`.trimEnd(),
    );
  },
  onExit: () => say("exit"),
});
endWith(log, async () => engine.stop());

const bytes = (message: object) => Buffer.from(JSON.stringify(message));
const echo = null;
// Each in a turn of its own, as from sockets and lines.
const plan: (() => void)[] = [
  () => engine.linkUp(true),
  () => tell({ is: "identity", firmware: "8.2.3", serial: "ABC", maxAmps: 80 }),
  read,
  () =>
    engine.onCommandBytes(
      bytes({ kind: "welcome", v: 1, cp, journal: journal.id, epoch: journal.epoch, fenceFloor: 0 }),
    ),
  () => engine.onCommandBytes(bytes(start(1, 1, { echo }))),
  read,
  () => {
    sessionWs += 36_000;
  },
  () => engine.onCommandBytes(bytes(stop(1))),
  read,
  read,
  () => process.kill(process.pid, "SIGTERM"),
];
const next = () => {
  plan.shift()?.();
  if (plan.length > 0) setImmediate(next);
};
setImmediate(next);
