// Hosts of their own for a test: network namespaces that share nothing but one switch, each with its own address and
// its own loopback. Needs root and iproute2.
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface NetworkHost {
  /** On the switch; 10.77.0.1 is the first host's. */
  address: string;
  /** The words before a command that is to run there. */
  enter: readonly string[];
  /** Runs a program there; rejects with its output when it fails. */
  run(file: string, args: readonly string[], env?: Record<string, string>): Promise<string>;
  /** One `ev` command there. */
  ev(args: readonly string[], env?: Record<string, string>): Promise<string>;
  /** Pulls its cable, or plugs it in again. */
  cable(plugged: boolean): void;
}

/** Why this system forbids network namespaces; undefined when it does not. */
export function namespacesRefused(): string | undefined {
  const name = `ev-try-${process.pid}`;
  const tried = spawnSync("ip", ["netns", "add", name], { encoding: "utf8" });
  if (tried.error) return tried.error.message;
  if (tried.status !== 0) return tried.stderr.trim();
  const entered = spawnSync("ip", ["netns", "exec", name, "ip", "link", "set", "lo", "up"], {
    encoding: "utf8",
  });
  spawnSync("ip", ["netns", "delete", name]);
  return entered.status === 0 ? undefined : entered.stderr.trim();
}

function ip(...args: string[]): void {
  const done = spawnSync("ip", args, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`ip ${args.join(" ")}: ${done.stderr || done.error}`);
}

/** As many hosts on one switch. `remove` takes everything away again; what runs there must have ended. */
export function openHosts(count: number): { hosts: NetworkHost[]; remove(): void } {
  const prefix = `ev-${process.pid}`;
  const hub = `${prefix}-switch`;
  const made = [hub];
  const remove = () => {
    for (const name of made) spawnSync("ip", ["netns", "delete", name]);
  };
  try {
    ip("netns", "add", hub);
    ip("-n", hub, "link", "add", "switch", "type", "bridge");
    ip("-n", hub, "link", "set", "switch", "up");
    const hosts = Array.from({ length: count }, (_, i) => {
      const name = `${prefix}-host-${i + 1}`;
      ip("netns", "add", name);
      made.push(name);
      return openHost(name, hub, i + 1);
    });
    return { hosts, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function openHost(name: string, hub: string, n: number): NetworkHost {
  const address = `10.77.0.${n}`;
  const port = `port${n}`;
  ip("-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name);
  ip("-n", hub, "link", "set", port, "master", "switch", "up");
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "address", "add", `${address}/24`, "dev", "eth0");
  ip("-n", name, "link", "set", "eth0", "up");
  const enter = ["ip", "netns", "exec", name] as const;
  const run: NetworkHost["run"] = (file, args, env = {}) =>
    new Promise((resolve, reject) => {
      execFile(
        enter[0],
        [...enter.slice(1), file, ...args],
        { env: { ...process.env, ...env }, maxBuffer: 1e8 },
        (error, out, err) =>
          error ? reject(new Error(`${file} ${args.join(" ")}: ${out}${err}`)) : resolve(out),
      );
    });
  return {
    address,
    enter,
    run,
    ev: (args, env) => run("node", [join(root, "bin/ev.mjs"), ...args], env),
    cable: (plugged) => ip("-n", hub, "link", "set", port, plugged ? "up" : "down"),
  };
}
