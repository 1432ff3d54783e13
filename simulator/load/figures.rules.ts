// What a running fleet does per second and minute: from two looks at its counters to figures, and to words.

/** One look: counters since their beginning, sizes as they are. */
export interface Look {
  atMs: number;
  processes: ProcessLook[];
  /** Records written to Kafka by the fleet and by Central. */
  written: number;
  /** Records that Central has not handled yet. */
  lag: number;
  /** Of it, those of sessions, registrations and requests. */
  eventLag: number;
  workers: WorkerLook[];
}

export interface ProcessLook {
  name: string;
  role: string;
  /** How many charge points or drivers are in it; null for a service that is one. */
  holds: number | null;
  cpuS: number;
  residentBytes: number;
}

export interface WorkerLook {
  name: string;
  holds: number;
  opened: number;
  connected: number;
  relaysClosed: number;
  served: number;
  backlog: number;
  lateMs: number;
}

export interface Figures {
  seconds: number;
  cps: number;
  connected: number;
  charging: number;
  messagesPerS: number;
  sessionsPerMin: number;
  lag: number;
  /** Events that devices hold and Kafka does not. */
  backlog: number;
  /** The latest that a worker's loop came round. */
  lateMs: number;
  /** Cores, all processes together. */
  cores: number;
  processes: { name: string; role: string; holds: number | null; cores: number; residentBytes: number }[];
}

export function figuresBetween(before: Look, after: Look): Figures {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1000);
  const usedBefore = new Map(before.processes.map(({ name, cpuS }) => [name, cpuS]));
  const processes = after.processes.map(({ name, role, holds, cpuS, residentBytes }) => ({
    name,
    role,
    holds,
    // One that was started again begins at 0.
    cores: Math.max(0, cpuS - Math.min(cpuS, usedBefore.get(name) ?? 0)) / seconds,
    residentBytes,
  }));
  const sum = (pick: (worker: WorkerLook) => number) =>
    after.workers.reduce((all, one) => all + pick(one), 0);
  const servedBefore = before.workers.reduce((all, { served }) => all + served, 0);
  return {
    seconds,
    cps: sum(({ holds }) => holds),
    connected: sum(({ connected }) => connected),
    charging: sum(({ relaysClosed }) => relaysClosed),
    messagesPerS: Math.max(0, after.written - before.written) / seconds,
    sessionsPerMin: (60 * Math.max(0, sum(({ served }) => served) - servedBefore)) / seconds,
    lag: after.lag,
    backlog: sum(({ backlog }) => backlog),
    lateMs: Math.max(0, ...after.workers.map(({ lateMs }) => lateMs)),
    cores: processes.reduce((all, { cores }) => all + cores, 0),
    processes,
  };
}

/** "1,000 of 1,000 connected, 97 charging · 712 messages/s, 204 sessions/min · lag 3 · …" */
export function figuresLine(figures: Figures): string {
  const { connected, cps, charging, messagesPerS, sessionsPerMin, lag, cores } = figures;
  return [
    `${count(connected)} of ${count(cps)} charge points connected, ${count(charging)} charging`,
    `${count(messagesPerS)} messages/s, ${count(sessionsPerMin)} sessions/min`,
    `lag ${count(lag)}`,
    `${cores.toFixed(2)} cores`,
  ].join(" · ");
}

/** A row per process: name, what it holds, CPU, memory, and memory per charge point or driver. */
export function processRows(figures: Figures): string[][] {
  const rows = figures.processes.map(({ name, holds, cores, residentBytes }) => [
    name,
    holds === null ? "" : count(holds),
    `${(100 * cores).toFixed(1)} %`,
    `${Math.round(residentBytes / 1e6)} MB`,
    holds === null || holds === 0 ? "" : `${Math.round(residentBytes / holds / 1000)} kB`,
  ]);
  return [["PROCESS", "HOLDS", "CPU", "MEMORY", "EACH"], ...rows];
}

export function count(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}
