// Each connected driver's inbox and session, as stored: one loop per process for all of them.
//
// 1. An entry is sent when the stream was sent every entry before it: nothing is missed or doubled, whichever process
//    the stream is at. What was sent is the client's to know, as Last-Event-ID.
// 2. Rows that commits of this process touched are read at the next turn, every driver's once per round of turns.
import { errorText } from "../../../wire/process/log.ts";
import type { Key } from "../../tables/port.ts";
import { type DriverRow, keys, type SessionRow } from "../../tables/rows.ts";
import { notificationView, readInbox } from "../driver/notifications.ts";
import { ownSessionView } from "../driver/own-session.view.ts";
import { type CpFacts, readAll, readSome } from "../fleet.ts";
import { type Chunk, eventChunk } from "./chunk.ts";
import type { LiveParts } from "./live.ts";
import type { Stream } from "./streams.ts";

export interface InboxLive {
  notice(keys: readonly Key[]): void;
  /** Sequence of the driver's newest entry; rejects when the table cannot be read. */
  lastOf(driver: string): Promise<number>;
  /** Entries after the sequence `after` are sent, and what is current. */
  join(driver: string, stream: Stream, after: number): void;
  leave(driver: string, stream: Stream): void;
  close(): void;
}

interface Reader {
  stream: Stream;
  sent: number;
  /** Was not told what is current. */
  fresh: boolean;
}

interface Watched {
  readers: Set<Reader>;
  /** In which turn of a round it is read anyway. */
  slot: number;
  /** Where its session is, whose rows tell of it too. */
  cp: string | undefined;
  inboxText: string;
  sessionText: string;
  inboxToldMs: number;
}

const aliveEveryMs = 5_000;
const entriesAtOnce = 500;

export function openInboxLive(parts: LiveParts): InboxLive {
  const { table, partitions, tickMs, round, now, log } = parts;
  const drivers = new Map<string, Watched>();
  let due = new Set<string>();
  let cpsNoticed = new Set<string>();
  let turn = 0;
  let joined = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const loop = async () => {
    timer = undefined;
    turn = (turn + 1) % round;
    const wanted = due;
    due = new Set();
    for (const [driver, { slot, cp, readers }] of drivers)
      if (slot === turn || (cp && cpsNoticed.has(cp)) || [...readers].some(({ fresh }) => fresh))
        wanted.add(driver);
    cpsNoticed = new Set();
    try {
      await tell([...wanted].filter((driver) => drivers.has(driver)));
    } catch (error) {
      for (const driver of wanted) due.add(driver);
      log.warn(`driver events: ${errorText(error)}`);
    }
    wake();
  };
  const wake = () => {
    if (!closed && drivers.size > 0) timer ??= setTimeout(() => void loop(), tickMs);
  };

  const tell = async (wanted: readonly string[]) => {
    const rows = (await readAll(table, wanted.map(keys.driver))) as (DriverRow | undefined)[];
    const active = wanted.map((driver, i) => ({ driver, sid: rows[i]?.activeSid ?? null }));
    const occupied = active.flatMap(({ driver, sid }) => (sid === null ? [] : [keys.session(driver, sid)]));
    const sessions = new Map<string, SessionRow>();
    for (const session of (await readAll(table, occupied)) as (SessionRow | undefined)[])
      if (session) sessions.set(session.driver, session);
    const facts = await readSome(table, [...new Set([...sessions.values()].map(({ cp }) => cp))], partitions);
    for (const [i, driver] of wanted.entries()) await tellOne(driver, rows[i], sessions.get(driver), facts);
  };

  const tellOne = async (
    driver: string,
    row: DriverRow | undefined,
    session: SessionRow | undefined,
    facts: ReadonlyMap<string, CpFacts>,
  ) => {
    const watched = drivers.get(driver);
    if (!watched) return;
    const inbox = { last_sequence: row?.inboxLast ?? 0, read_up_to: row?.inboxRead ?? 0 };
    const behind = [...watched.readers].filter(({ sent }) => sent < inbox.last_sequence);
    if (behind.length > 0) {
      const from = Math.min(...behind.map(({ sent }) => sent));
      const entries = await readInbox(table, driver, from, entriesAtOnce);
      for (const { value } of entries) {
        const data = notificationView(driver, value, inbox.read_up_to);
        const chunk = eventChunk({ event: "notification", id: String(value.sequence), data });
        for (const reader of behind) {
          if (reader.sent >= value.sequence) continue;
          reader.stream.send(chunk);
          reader.sent = value.sequence;
        }
      }
      if (entries.length === entriesAtOnce) due.add(driver);
    }
    const at = new Date(now()).toISOString();
    const inboxText = JSON.stringify(inbox);
    const alive = now() - watched.inboxToldMs >= aliveEveryMs;
    const inboxChunk = eventChunk({ event: "inbox", data: { at, ...inbox } });
    sendAll(watched, inboxChunk, inboxText !== watched.inboxText || alive);
    if (alive) watched.inboxToldMs = now();
    watched.inboxText = inboxText;
    const view = session ? ownSessionView(session, facts.get(session.cp), now()) : null;
    const sessionText = JSON.stringify(view);
    const sessionChunk = eventChunk({ event: "session", data: { at, session: view } });
    sendAll(watched, sessionChunk, sessionText !== watched.sessionText);
    watched.sessionText = sessionText;
    watched.cp = session?.cp;
    for (const reader of watched.readers) reader.fresh = false;
  };

  return {
    notice(changed) {
      if (drivers.size === 0) return;
      for (const { pk, sk } of changed) {
        if (pk.startsWith("driver#")) due.add(pk.slice("driver#".length));
        else if (pk.startsWith("cps#") || pk.startsWith("live#")) cpsNoticed.add(sk);
      }
    },
    async lastOf(driver) {
      return (await table.get<DriverRow>(keys.driver(driver)))?.value.inboxLast ?? 0;
    },
    join(driver, stream, after) {
      const watched = drivers.get(driver) ?? {
        readers: new Set(),
        slot: joined++ % round,
        cp: undefined,
        inboxText: "",
        sessionText: "",
        inboxToldMs: 0,
      };
      drivers.set(driver, watched);
      watched.readers.add({ stream, sent: after, fresh: true });
      due.add(driver);
      wake();
    },
    leave(driver, stream) {
      const watched = drivers.get(driver);
      for (const reader of watched?.readers ?? [])
        if (reader.stream === stream) watched?.readers.delete(reader);
      if (watched?.readers.size === 0) drivers.delete(driver);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** To everybody when it is news, else to those who do not know it. */
function sendAll({ readers }: Watched, chunk: Chunk, isNews: boolean): void {
  for (const { stream, fresh } of readers) if (isNews || fresh) stream.send(chunk);
}
