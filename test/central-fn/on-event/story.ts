// Given/when/then for Central: records go through the production works and interpreter onto the in-memory table.
import type { KafkaRecord } from "../../../central-fn/on-event/dead-letters.ts";
import { newCpRow } from "../../../central-fn/on-event/draft.ts";
import { performNow, type Step, type StepAnswer } from "../../../central-fn/on-event/execute.ts";
import type { HeardMemory } from "../../../central-fn/on-event/heard.ts";
import type { Send } from "../../../central-fn/on-event/plan.ts";
import { sweep } from "../../../central-fn/on-event/sweep.ts";
import { worksOf } from "../../../central-fn/on-event/works.ts";
import { feedIn } from "../../../central-fn/rules/feeds.ts";
import {
  type CdrRow,
  type CpRow,
  type DriverRow,
  type FeedRow,
  type FeedsRow,
  type InboxRow,
  keys,
  type OpenCommand,
  type ReviewRow,
  type SessionRow,
  type TransitionRow,
} from "../../../central-fn/tables/rows.ts";
import { type Command, type Envelope, partitionOf, roadOf } from "../../../wire/messages/index.ts";
import { type MemoryTable, memoryTable } from "../../support/memory-table.ts";

export const cp = "CP-001";
export const alice = "driver-alice";
export const bob = "driver-bob";
export const partitions = 8;
export const startMs = Date.UTC(2026, 4, 1, 12);
export const engineJournal = "aaaaaaaa-0001";
export const monitorJournal = "bbbbbbbb-0001";
export const boot = "boot-1";

let sidNumber = 0;
export function newSid(of = cp): string {
  sidNumber += 1;
  return `S-${of}-${sidNumber.toString(16).padStart(16, "0")}`;
}

/** Stored long ago and never published, unless said otherwise. */
export function openCommand(of: Pick<OpenCommand, "op"> & Partial<OpenCommand>): OpenCommand {
  return {
    cmdId: "x",
    sid: null,
    driver: null,
    message: {},
    storedAtMs: 0,
    publishedAtMs: null,
    publishes: 0,
    ...of,
  };
}

type Body = Record<string, unknown>;

export class Story {
  readonly table: MemoryTable = memoryTable();
  readonly sends: Send[] = [];
  readonly logs: string[] = [];
  nowMs = startMs;
  /** Of a process that lives on after each batch. */
  heard: HeardMemory | undefined;
  /** Throws or answers instead of the table or Kafka. */
  fault: ((step: Step) => void) | undefined;
  #offset = 0;
  /** Last event on cp.events per journal and epoch. */
  readonly #seqs = new Map<string, number>();

  hand = (step: Step): StepAnswer => {
    this.fault?.(step);
    switch (step.do) {
      case "read":
        return { rows: step.keys.map((key) => this.table.getNow(key)) };
      case "query":
        return { rows: this.table.queryNow(step.pk) };
      case "commit":
        return { commit: this.table.commitNow(step.writes) };
      case "send":
        this.sends.push(...step.sends);
        return undefined;
      case "log":
        this.logs.push(...step.lines.map((line) => line.text));
        return undefined;
    }
  };

  /** Processes the records as one batch of one partition. */
  take(...records: KafkaRecord[]): void {
    const settings = { partitions, ...(this.heard && { heard: this.heard }) };
    for (const work of worksOf(records, settings)) performNow(work.steps(this.nowMs), this.hand);
  }

  record(topic: string, value: unknown, of = cp): KafkaRecord {
    this.#offset += 1;
    return {
      topic,
      partition: partitionOf(of, partitions),
      offset: this.#offset,
      timestampMs: this.nowMs,
      value: new TextEncoder().encode(JSON.stringify(value)),
    };
  }

  envelope(type: string, body: Body, with_: Partial<Envelope> = {}): Envelope {
    const src =
      with_.src ?? (type === "registration" || type === "status" || type === "will" ? "monitor" : "engine");
    const journal = with_.journal ?? (src === "engine" ? engineJournal : monitorJournal);
    const epoch = with_.epoch ?? 1;
    const chain = `${journal}/${epoch}`;
    const prev = this.#seqs.get(chain) ?? 0;
    const seq = with_.seq ?? prev + 1;
    if (with_.seq === undefined) this.#seqs.set(chain, seq);
    const mono = this.nowMs - startMs + 1_000_000;
    return {
      v: 1,
      cp,
      src,
      journal,
      epoch,
      prev,
      type,
      at: { boot, mono, wall: this.nowMs, synced: true },
      body,
      ...with_,
      seq,
    };
  }

  /** A device event as a record on its topic; not yet processed. */
  event(type: string, body: Body, with_: Partial<Envelope> = {}): KafkaRecord {
    const envelope = this.envelope(type, body, with_);
    return this.record(roadOf(type).topic, envelope, envelope.cp);
  }

  say(type: string, body: Body, with_: Partial<Envelope> = {}): KafkaRecord {
    const record = this.event(type, body, with_);
    this.take(record);
    return record;
  }

  sweep(afterMs = 0): number {
    this.nowMs += afterMs;
    return performNow(
      sweep(partitions, () => this.nowMs),
      this.hand,
    );
  }

  canary(): void {
    const value = { v: 1, type: "canary", feed: partitionOf(cp, partitions), bridge: "b", n: 1 };
    this.take(this.record("cp.status", value));
  }

  status(engine: "OK" | "KO", conn = 1, with_: Partial<Envelope> = {}): KafkaRecord {
    const body = {
      engine,
      conn,
      intervalMs: 2_000,
      ttlMs: 6_000,
      ...(engine === "KO" ? { reason: "no answer" } : {}),
    };
    return this.say("status", body, with_);
  }

  register(price = 30_000, with_: Partial<Envelope> = {}): KafkaRecord {
    return this.say("registration", registrationBody(price), with_);
  }

  hello(with_: Partial<Envelope> = {}, body: Body = {}): KafkaRecord {
    const oldestPending = { epoch: with_.epoch ?? 1, seq: 1 };
    return this.say("hello", { ...helloBody, oldestPending, ...body }, with_);
  }

  /** Registered, greeted, healthy. */
  ready(): this {
    this.register();
    this.hello();
    this.status("OK");
    this.canary();
    return this;
  }

  request(sid: string, with_: Body = {}): KafkaRecord {
    const record = this.record("driver.requests", {
      v: 1,
      type: "start",
      sid,
      driver: alice,
      cp,
      vehicleId: "VEH-001",
      requestedAt: this.nowMs,
      expiresAt: this.nowMs + 60_000,
      ...with_,
    });
    this.take(record);
    return record;
  }

  driverSays(type: "cancel" | "stop", sid: string, driver = alice): KafkaRecord {
    const record = this.record("driver.requests", { v: 1, type, sid, driver, cp, requestedAt: this.nowMs });
    this.take(record);
    return record;
  }

  operatorSays(type: string, fields: Body = {}): KafkaRecord {
    const id = `req-${this.#offset}`;
    const value = { v: 1, id, operator: "op-1", requestedAt: this.nowMs, type, cp, ...fields };
    const record = this.record("operator.requests", value);
    this.take(record);
    return record;
  }

  /** Accepted by Central and by the device. */
  granted(sid = newSid(), driver = alice): Body & { sid: string; fence: number } {
    this.request(sid, { driver });
    const grant = this.grantOf(sid, driver);
    this.say("answer", {
      cmdId: grant.cmdId,
      op: "start-supply",
      sid,
      fence: grant.fence,
      result: "applied",
    });
    return grant;
  }

  grantOf(sid: string, driver = alice) {
    const session = this.session(sid, driver);
    if (!session?.cmdId || session.fence === null || !session.tariff)
      throw new Error(`${sid} was not accepted`);
    const { cmdId, fence, tariff } = session;
    return { sid, driver, vehicleId: "VEH-001", cmdId, fence, tariff };
  }

  started(grant: Body, registerStartWh = 1_000): KafkaRecord {
    return this.say("session.started", startedBody(grant, this.nowMs, registerStartWh));
  }

  ended(grant: Body, registerEndWh = 13_345, with_: Body = {}): KafkaRecord {
    return this.say("session.ended", { ...endedBody(grant, this.nowMs, registerEndWh), ...with_ });
  }

  connector(fields: Body = {}, with_: Partial<Envelope> = {}): KafkaRecord {
    return this.say("connector", { ...connectorBody, ...fields }, with_);
  }

  /** Another charge point, of which nothing is known but what it was told to do. */
  putPoint(other: string, commands: OpenCommand[]): void {
    const value = { ...newCpRow(other), commands };
    this.table.commitNow([{ do: "put", key: keys.cp(other), value, expect: "any" }]);
  }

  cpRow(): CpRow {
    const row = this.table.getNow<CpRow>(keys.cp(cp));
    if (!row) throw new Error("no row");
    return row.value;
  }

  session(sid: string, driver = alice): SessionRow | undefined {
    return this.table.getNow<SessionRow>(keys.session(driver, sid))?.value;
  }

  cdr(sid: string, driver = alice): CdrRow | undefined {
    return this.table.getNow<CdrRow>(keys.cdr(driver, sid))?.value;
  }

  cdrs(driver = alice): CdrRow[] {
    return this.table.queryNow<CdrRow>(`driver#${driver}`, { prefix: "cdr#" }).map((row) => row.value);
  }

  review(id: string): ReviewRow | undefined {
    return this.table.getNow<ReviewRow>(keys.review(id))?.value;
  }

  driver(driver = alice): DriverRow | undefined {
    return this.table.getNow<DriverRow>(keys.driver(driver))?.value;
  }

  /** Events of the driver's inbox, oldest first; fails when it has a gap. */
  inbox(driver = alice): string[] {
    const rows = this.table.queryNow<InboxRow>(`driver#${driver}`, { prefix: "inbox#" });
    rows.forEach((row, i) => {
      if (row.value.sequence !== i + 1) throw new Error(`inbox of ${driver} has a gap at ${i + 1}`);
    });
    return rows.map((row) => row.value.event);
  }

  feed(): FeedRow | undefined {
    const feed = partitionOf(cp, partitions);
    return feedIn(this.table.getNow<FeedsRow>(keys.feeds(feed))?.value, feed);
  }

  history(): string[] {
    return this.table
      .queryNow<TransitionRow>(`history#${cp}`)
      .map(({ value }) => `${value.from ?? "-"}→${value.to}: ${value.cause}`);
  }

  /** Commands sent to the charge point since the last call, by operation. */
  commands(): Command[] {
    const found = this.sends.flatMap((send) =>
      send.to === "cp" && send.message.kind === "command" ? [send.message] : [],
    );
    this.sends.length = 0;
    return found;
  }
}

export const connectorBody = {
  plugged: false,
  relayClosed: false,
  operative: true,
  finishing: null,
  registerWh: 1_000,
};

export const helloBody = {
  agentVersion: "1",
  firmware: "8.2.3",
  openSid: null,
  connector: connectorBody,
};

export function registrationBody(priceE5PerKwh = 30_000) {
  return {
    name: "Plaza",
    address: "Calle 1",
    city: "Alicante",
    latitude: 38.3,
    longitude: -0.5,
    connectorType: "TYPE2",
    amenities: ["WC"],
    powerW: 22_000,
    priceE5PerKwh,
    currency: "EUR",
  };
}

const stamp = (wallMs: number) => ({ boot, mono: wallMs - startMs + 1_000_000, wall: wallMs, synced: true });

export function startedBody(grant: Body, nowMs: number, registerStartWh = 1_000): Body {
  return { ...grant, registerStartWh, startedAt: stamp(nowMs) };
}

export function endedBody(grant: Body, nowMs: number, registerEndWh = 13_345): Body {
  return {
    ...grant,
    registerStartWh: 1_000,
    registerEndWh,
    startedAt: stamp(nowMs - 60_000),
    endedAt: stamp(nowMs),
    durationMs: 60_000,
    reason: "EVDisconnected",
    plugged: false,
  };
}
