// The lines between the fleet's services, each through a proxy of this process, so that any service can be cut off
// from the others while it runs.
//
// 1. A line outlives the process at its end: what is wrong with it stays wrong through restarts, until `connect`.
// 2. Where nothing is wrong, bytes pass as they come.
// 3. When a line is whole again, connections that had lost bytes are reset: their ends dial anew at once.
import { isDeepStrictEqual } from "node:util";
import { openTcpProxy, type TcpProxy } from "../faults/tcp-proxy.ts";
import { loopback } from "./addresses.ts";
import { Complaint } from "./complaint.ts";
import type { Door } from "./doors.ts";
import {
  faultText,
  isServer,
  type LineState,
  type LinkFault,
  lineOf,
  lineStateOf,
  soundLine,
  type Upstream,
  upstreamsOf,
} from "./links.rules.ts";
import type { ServiceSpec } from "./service-spec.ts";

export interface Link {
  from: string;
  to: string;
  proxy: TcpProxy;
}

/** How a service stands in the network: in one word or two, and line by line. */
export interface LinkReport {
  /** "connected", "cut", …; "ev-kafka cut" when the far end is at fault; null without any line. */
  link: string | null;
  /** `at`: where its proxy listens; null for a line that leads past the proxies, with the reason. */
  links: { to: string; at: string | null; state: string }[];
}

export const withoutLinks: LinkReport = { link: null, links: [] };

type Named = Pick<ServiceSpec, "name" | "role">;

export interface Links {
  /** Opens the lines that a service begins, unless they are open already. */
  open(spec: ServiceSpec): Promise<void>;
  /** Lines of other hosts come in by this door: whoever cuts off the server behind it cuts them too. */
  admit(door: Door): void;
  /** The service with the addresses of its lines in its environment. */
  routed(spec: ServiceSpec): ServiceSpec;
  /** Throws a Complaint for a service that has no line, or one that cannot be cut. */
  disconnect(services: readonly Named[], fault: LinkFault): void;
  /** Returns those that something was wrong with. */
  connect(names: readonly string[]): string[];
  report(service: Named): LinkReport;
  /** Closes the lines of services that are no longer part of the fleet. */
  keep(names: ReadonlySet<string>): Promise<void>;
  all(): readonly Link[];
  close(): Promise<void>;
}

interface Shaped extends Link {
  state: LineState;
}

interface Open extends Shaped {
  target: { host: string; port: number };
  env: Record<string, string>;
}

/** `kafkaElsewhere`: Kafka is not of this fleet, so its advertised addresses cannot be dialled through one proxy. */
export function openLinks(options: { kafkaElsewhere: boolean }): Links {
  const links = new Map<string, Open>();
  const doors = new Map<string, Shaped>();
  const direct = new Map<string, { from: string; to: string; why: string }>();
  const faults = new Map<string, LinkFault>();
  const opening = new Map<string, Promise<void>>();

  const apply = (link: Shaped) => {
    const next = lineStateOf([faults.get(link.from), faults.get(link.to)]);
    if (isDeepStrictEqual(next, link.state)) return;
    link.proxy.weather(next.weather);
    if (next.lost !== "nothing") link.proxy.blackHole(next.lost);
    else if (link.state.lost !== "nothing") {
      link.proxy.heal();
      link.proxy.cutDead();
    }
    link.state = next;
  };
  const applyAll = () => {
    for (const link of [...links.values(), ...doors.values()]) apply(link);
  };
  const drop = async (key: string) => {
    const link = links.get(key);
    links.delete(key);
    await link?.proxy.close();
  };
  const openOne = async (spec: ServiceSpec, upstream: Upstream) => {
    const key = keyOf(spec.name, upstream.to);
    const line = lineOf(upstream, spec.env[upstream.variable] ?? "", options.kafkaElsewhere);
    direct.delete(key);
    if (line.is === "local") return drop(key);
    if (line.is === "none") {
      direct.set(key, { from: spec.name, to: upstream.to, why: line.why });
      return drop(key);
    }
    const target = { host: line.host, port: line.port };
    if (isDeepStrictEqual(links.get(key)?.target, target)) return;
    await drop(key);
    const proxy = await openTcpProxy(target);
    const env = line.through(`${loopback}:${proxy.port}`);
    const link = { from: spec.name, to: upstream.to, proxy, target, state: soundLine, env };
    links.set(key, link);
    apply(link);
  };
  const of = (name: string) => [...links.values()].filter(({ from }) => from === name);

  return {
    async open(spec) {
      const before = opening.get(spec.name) ?? Promise.resolve();
      const mine = before.then(async () => {
        for (const upstream of upstreamsOf(spec.role)) await openOne(spec, upstream);
      });
      opening.set(spec.name, mine);
      await mine;
    },
    admit({ to, at, proxy }) {
      doors.set(at, { from: at, to, proxy, state: soundLine });
    },
    routed: (spec) => ({
      ...spec,
      env: { ...spec.env, ...Object.assign({}, ...of(spec.name).map(({ env }) => env)) },
    }),
    disconnect(services, fault) {
      for (const service of services) refuseWithoutLine(service, [...direct.values()]);
      for (const { name } of services) faults.set(name, fault);
      applyAll();
    },
    connect(names) {
      const mended = names.filter((name) => faults.delete(name));
      applyAll();
      return mended;
    },
    report({ name, role }) {
      if (upstreamsOf(role).length === 0 && !isServer(name)) return withoutLinks;
      const own = faults.get(name);
      const far = upstreamsOf(role).flatMap(({ to }) => {
        const fault = faults.get(to);
        return fault ? [`${to} ${faultText(fault)}`] : [];
      });
      return {
        link: own ? faultText(own) : far.join(", ") || "connected",
        links: upstreamsOf(role).flatMap(({ to }): LinkReport["links"] => {
          const key = keyOf(name, to);
          const link = links.get(key);
          const past = direct.get(key);
          if (past) return [{ to, at: null, state: `direct: ${past.why}` }];
          return link ? [{ to, at: `${loopback}:${link.proxy.port}`, state: stateText(link.state) }] : [];
        }),
      };
    },
    async keep(names) {
      for (const [key, { from }] of links) if (!names.has(from)) await drop(key);
      for (const name of faults.keys()) if (!names.has(name)) faults.delete(name);
    },
    all: () => [...links.values()],
    async close() {
      await Promise.all([...links.keys()].map(drop));
    },
  };
}

function keyOf(from: string, to: string): string {
  return `${from} → ${to}`;
}

function stateText({ lost, weather }: LineState): string {
  const how = lost === "both" ? "cut" : lost === "answers" ? "half-open" : "delay";
  return faultText({ how, ...weather });
}

/** A partition that leaves one line whole would be none. */
function refuseWithoutLine(
  { name, role }: Named,
  direct: readonly { from: string; to: string; why: string }[],
): void {
  if (upstreamsOf(role).length === 0 && !isServer(name))
    throw new Complaint(
      role === "charger"
        ? `${name} has no network line, only its serial one: disconnect its engine or monitor, or pause it`
        : `${name} has no network line that runs through a proxy here`,
    );
  const past = direct.find(({ from, to }) => from === name || to === name);
  if (past)
    throw new Complaint(
      `${name} cannot be disconnected here: its line from ${past.from} to ${past.to} is direct, for ${past.why}`,
    );
}
