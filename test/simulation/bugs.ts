// Planted bugs: each a mistake somebody could make in the protocol, as a change at a port of the production cores.
// The simulator must catch every one of them; a checker that misses one cannot be trusted with the others.
import type { Step } from "../../central-fn/on-event/execute.ts";
import type { Send } from "../../central-fn/on-event/plan.ts";
import type { Row } from "../../central-fn/tables/port.ts";
import {
  type CdrRow,
  type CpRow,
  type DriverRow,
  keys,
  type Line,
  type ReviewRow,
  type SessionRow,
} from "../../central-fn/tables/rows.ts";
import type { NewEvent } from "../../device-agent/journal/port.ts";
import type { SimRecord } from "./kafka.ts";
import { type Bugs, noBugs } from "./scenario.ts";

type Plant = (bugs: Bugs) => void;

const alterCp = (change: (row: CpRow) => CpRow) => (row: Row) =>
  row.pk.startsWith("cps#") ? { ...row, value: change(row.value as CpRow) } : row;

const withoutSends = (unwanted: (send: Send) => boolean) => (sends: readonly Send[]) =>
  sends.filter((send) => !unwanted(send));

const isCommand = (send: Send, op: string, ending = "") =>
  send.to === "cp" &&
  send.message.kind === "command" &&
  send.message.op === op &&
  send.message.cmdId.endsWith(ending);

type State = Record<string, unknown>;
/** The engine's memory and its disk are changed alike: the object that is persisted is the one it goes on with. */
const alterState =
  (change: (state: State, events: readonly NewEvent[]) => State) =>
  (state: unknown, events: readonly NewEvent[]) =>
    Object.assign(state as State, change(state as State, events));

type Commit = Extract<Step, { do: "commit" }>;
const alterPuts = (change: (sk: string, value: unknown) => unknown) => (step: Commit) => ({
  ...step,
  writes: step.writes.map((write) =>
    write.do === "put" ? { ...write, value: change(write.key.sk, write.value) } : write,
  ),
});

const alterLine = (change: (line: Line) => Line) =>
  alterPuts((sk, value) => {
    const { line, ...row } = value as CpRow;
    return sk.startsWith("CP-") && line ? { ...row, line: change(line) } : value;
  });

const bodyOf = (record: SimRecord) =>
  JSON.parse(record.value) as { type: string; cp: string; seq: number; body: Record<string, unknown> };

export const plantedBugs: Record<string, Plant> = {
  "no fsync: commits reach the disk late": (bugs) => {
    bugs.device.noFsync = true;
  },
  "no de-duplication of events and bills": (bugs) => {
    bugs.central.noDedup = true;
    bugs.central.noVersions = true;
    bugs.central.alterRow = (row) => (row.sk.startsWith("cdr#") ? { ...row, sk: row.sk } : row);
  },
  "no epoch: numbers begin anew under the same name": (bugs) => {
    bugs.device.noEpoch = true;
  },
  "the broker's PUBACK is trusted": (bugs) => {
    bugs.device.trustPuback = true;
  },
  "the bridge acknowledges before Kafka": (bugs) => {
    bugs.bridge.ackBeforeKafka = true;
  },
  "offsets are committed before the effect": (bugs) => {
    bugs.central.commitFirst = true;
  },
  "commands never expire": (bugs) => {
    bugs.device.alterCommand = (message) =>
      message.op === "start-supply" ? { ...message, echo: null } : message;
  },
  "expiry is checked once, not at each serial attempt": (bugs) => {
    bugs.device.expiryCheckedOnce = true;
  },
  "a car that changed unseen is taken for the first": (bugs) => {
    bugs.device.lifetimeIgnored = true;
  },
  "a departure that was seen is forgotten with the process": (bugs) => {
    bugs.device.alterState = alterState(({ session, ...state }) => {
      const { carLeft: _carLeft, leftAtWs: _leftAtWs, ...rest } = (session ?? {}) as State;
      return { ...state, session: session ? rest : null };
    });
  },
  "a driver is told of every return": (bugs) => {
    bugs.needs = "device cloned";
    bugs.central.alterRow = alterCp((row) =>
      row.claim ? { ...row, claim: { ...row.claim, returns: 0 } } : row,
    );
  },
  "no tombstone for a stop that comes first": (bugs) => {
    bugs.device.alterState = alterState((state) => ({ ...state, tombstones: [] }));
  },
  "the answer leaves before it is durable": (bugs) => {
    bugs.device.tellBeforeDisk = true;
  },
  "the estimate is billed instead of the register": (bugs) => {
    bugs.central.alterWrites = alterPuts((sk, value) => {
      if (!sk.startsWith("cdr#")) return value;
      const cdr = value as CdrRow;
      return { ...cdr, energyWh: Math.round((cdr.energyWh * 101) / 100) };
    });
  },
  "ENDED needs STARTED": (bugs) => {
    bugs.central.skip = (record, table) => {
      if (record.topic !== "cp.events") return false;
      const { type, body } = bodyOf(record);
      if (type !== "session.ended") return false;
      const key = keys.session(String(body.driver), String(body.sid));
      return table.getNow<SessionRow>(key)?.value.startedAtMs == null;
    };
  },
  "cumulative acknowledgement over a hole": (bugs) => {
    bugs.bridge.cumulativeAck = true;
  },
  "nothing is published again: not on a duplicate, not at hello, not by the sweeper": (bugs) => {
    const seen = new Set<string>();
    bugs.central.alterSends = withoutSends((send) => {
      if (send.to !== "cp" || send.message.kind !== "command") return false;
      const first = !seen.has(send.message.cmdId);
      seen.add(send.message.cmdId);
      return !first;
    });
  },
  "no STOP after an unknown start": (bugs) => {
    bugs.central.alterSends = withoutSends((send) => isCommand(send, "stop-supply", "-unknown"));
  },
  "START before the last car has left": (bugs) => {
    bugs.device.alterState = alterState((state) => ({ ...state, finishing: null }));
    bugs.central.alterRow = alterCp((row) =>
      row.claim?.state === "finishing" ? { ...row, claim: null } : row,
    );
  },
  "a fallen counter is negative energy": (bugs) => {
    let last = 0;
    bugs.device.alterState = alterState((state) => {
      const register = state.register as { registerWs: number; lastSessionWs: number | null };
      const now = register.lastSessionWs ?? 0;
      const fell = now < last ? last - now : 0;
      last = now;
      return { ...state, register: { ...register, registerWs: Math.max(0, register.registerWs - fell) } };
    });
  },
  "no fence: the claim is given out twice under one number": (bugs) => {
    bugs.central.alterWrites = alterPuts((sk, value) =>
      sk.startsWith("CP-") ? { ...(value as CpRow), fence: 1 } : value,
    );
  },
  "commits do not check what was read": (bugs) => {
    bugs.central.noVersions = true;
  },
  "a command's offset is committed although the broker never took it": (bugs) => {
    bugs.bridge.downlinkCommitFirst = true;
    const seen = new Set<string>();
    bugs.central.alterSends = withoutSends((send) => {
      if (send.to !== "cp" || send.message.kind !== "command") return false;
      const first = !seen.has(send.message.cmdId);
      seen.add(send.message.cmdId);
      return !first;
    });
  },
  "a command runs as often as it comes": (bugs) => {
    bugs.device.alterState = alterState((state) => ({ ...state, answers: [] }));
  },
  "the sweeper sleeps": (bugs) => {
    bugs.central.noSweep = true;
  },
  "the claim is kept after the car has left": (bugs) => {
    bugs.central.skip = (record) => record.topic === "cp.events" && bodyOf(record).type === "connector";
  },
  "the inbox entry is not in the commit": (bugs) => {
    bugs.central.alterWrites = (step) => ({
      ...step,
      writes: step.writes.filter((write) => !write.key.sk.startsWith("inbox#")),
    });
  },
  "a copied disk is believed": (bugs) => {
    bugs.needs = "device cloned";
    bugs.central.alterRow = alterCp((row) => ({
      ...row,
      marks: row.marks.map(({ boot: _boot, before: _before, ...mark }) => mark),
    }));
  },
  "the live figures end the session": (bugs) => {
    bugs.central.alterWrites = (step) => ({
      ...step,
      writes: step.writes.map((write) => {
        if (write.do !== "put" || !write.key.sk.startsWith("cdr#")) return write;
        const cdr = write.value as CdrRow;
        const endWh = cdr.registerEndWh - 1;
        return {
          ...write,
          value: { ...cdr, registerEndWh: endWh, energyWh: Math.max(0, endWh - cdr.registerStartWh) },
        };
      }),
    });
  },
  "the line is forgotten when its point changes": (bugs) => {
    bugs.central.alterRow = alterCp(({ line: _line, ...row }) => row);
  },
  "an offer never ends": (bugs) => {
    bugs.central.alterWrites = alterLine(({ offer, ...line }) => ({
      ...line,
      offer: offer && { ...offer, expiresAtMs: 1e12 },
    }));
  },
  "the offer goes to the last in line": (bugs) => {
    bugs.central.alterWrites = alterLine(({ offer, ...line }) => ({
      ...line,
      offer: offer && { ...offer, sid: line.queue.at(-1)?.sid ?? offer.sid },
    }));
  },
  "an order to stop is forgotten by the device": (bugs) => {
    bugs.device.alterState = alterState((state) => ({ ...state, operative: true }));
  },
  "a settled review is settled again": (bugs) => {
    bugs.central.alterRow = (row) =>
      row.pk === "reviews" ? { ...row, value: { ...(row.value as ReviewRow), settled: null } } : row;
  },
  "an order of an operator has its effect as often as it comes": (bugs) => {
    bugs.central.alterWrites = (step) => ({
      ...step,
      writes: step.writes.filter((write) => !write.key.pk.startsWith("operation#")),
    });
  },
  "a place that ended is kept": (bugs) => {
    bugs.central.alterWrites = alterPuts((sk, value) =>
      sk === "driver" ? { ...(value as DriverRow), places: [{ sid: "S-CP-001-0", cp: "CP-001" }] } : value,
    );
  },
};

/** Seeds that caught the bugs which few seeds catch: tried first, for time. The others follow if the story changed. */
export const seedsTriedFirst: Record<string, readonly number[]> = {
  "a departure that was seen is forgotten with the process": [248],
  "a driver is told of every return": [63],
  "a copied disk is believed": [8],
  "expiry is checked once, not at each serial attempt": [33],
  "a settled review is settled again": [51],
};

/** Why some mistakes of the catalogue are not planted as bugs of their own. */
export const equivalents: Record<string, string> = {
  "tombstone after ack": "the same order of effects as «the answer leaves before it is durable»",
  "skip the publish on a duplicate":
    "alone it is harmless, for hello and the sweeper publish too; planted together with those",
};

export function planted(name: string): Bugs {
  const bugs = noBugs();
  plantedBugs[name]?.(bugs);
  return bugs;
}
