// A partition's batch as works, in order: one per record where records are decisions, one for many where they are
// readings (a write per charge point and batch, not per reading).
import {
  Canary,
  type Envelope,
  issuesText,
  Meter,
  OperatorRequest,
  parseEnvelope,
  parseJson,
  partitionOf,
  StatusReport,
  Will,
} from "../../wire/messages/index.ts";
import type { StatusItem } from "../rules/health.ts";
import { bury, type KafkaRecord, planForeign } from "./dead-letters.ts";
import type { Routed } from "./device-event.ts";
import { carryOut, judge, type Steps } from "./execute.ts";
import { type MeterItem, metersPerCommit, newestOf, planMeters } from "./meter.ts";
import { orderFleet } from "./operator-fleet.ts";
import { planOperator } from "./operator-requests.ts";
import { routeDriverRequest, routeEventBytes, type Settings } from "./routes.ts";
import { type StatusBatch, statusBatch } from "./status.ts";

export interface Work {
  /** Works of one key follow one another; others may run beside them. */
  key?: string;
  /** The first record of the work: what a failure is reported as. */
  firstOffset: number;
  records: KafkaRecord[];
  /** Begins anew with each call. */
  steps(nowMs: number): Steps<void>;
}

/** Works of one topic partition's records, ordered by their first offset. */
export function worksOf(records: readonly KafkaRecord[], settings: Settings): Work[] {
  const first = records[0];
  if (!first) return [];
  switch (first.topic) {
    case "cp.telemetry":
      return meterWorks(records);
    case "cp.status":
      return [statusWork(records, settings)];
    case "dead-letters":
      return records.map((record) => ({
        firstOffset: record.offset,
        records: [record],
        steps: (nowMs) => carryOut((rows) => planForeign(rows, record), nowMs),
      }));
    case "driver.requests":
      return records.map((record) =>
        singleWork(record, (nowMs) => routeDriverRequest(record.value, settings, nowMs)),
      );
    case "operator.requests":
      return records.map(operatorWork);
    default:
      return records.map((record) =>
        singleWork(record, (nowMs) => routeEventBytes(record.value, record.timestampMs, nowMs)),
      );
  }
}

/** A work that buries these records: for those whose handler breaks. */
export function burial(records: readonly KafkaRecord[], reason: string, nowMs: number): Steps<void> {
  return buryAll(
    records.map((record) => ({ record, reason })),
    nowMs,
  );
}

interface Unusable {
  record: KafkaRecord;
  reason: string;
}

function* buryAll(unusable: readonly Unusable[], nowMs: number): Steps<void> {
  for (const { record, reason } of unusable)
    yield* carryOut((rows) => bury(rows, record, reason, nowMs), nowMs);
}

function singleWork(record: KafkaRecord, route: (nowMs: number) => Routed): Work {
  return {
    ...(record.key === undefined ? {} : { key: record.key }),
    firstOffset: record.offset,
    records: [record],
    *steps(nowMs) {
      const routed = route(nowMs);
      const reason = routed.ok ? yield* judge(routed.plan, nowMs) : routed.reason;
      if (reason !== undefined) yield* buryAll([{ record, reason }], nowMs);
    },
  };
}

function operatorWork(record: KafkaRecord): Work {
  return {
    firstOffset: record.offset,
    records: [record],
    *steps(nowMs) {
      const parsed = parseJson(OperatorRequest, record.value);
      if (!parsed.ok) return yield* buryAll([{ record, reason: parsed.reason }], nowMs);
      const request = parsed.value;
      if (request.type === "stop-fleet" || request.type === "resume-fleet")
        return yield* orderFleet(request, nowMs);
      yield* carryOut((rows) => planOperator(rows, request, nowMs), nowMs);
    },
  };
}

function meterWorks(records: readonly KafkaRecord[]): Work[] {
  const works: Work[] = [];
  // In order of arrival, so that a failed work leaves nothing before it undone.
  for (let i = 0; i < records.length; i += 500) works.push(meterWork(records.slice(i, i + 500)));
  return works;
}

function meterWork(records: KafkaRecord[]): Work {
  return {
    firstOffset: records[0]?.offset ?? 0,
    records,
    *steps(nowMs) {
      const items: MeterItem[] = [];
      const unusable: Unusable[] = [];
      for (const record of records) {
        const item = meterItem(record);
        if ("reason" in item) unusable.push({ record, reason: item.reason });
        else items.push(item);
      }
      const newest = newestOf(items);
      for (let i = 0; i < newest.length; i += metersPerCommit) {
        const some = newest.slice(i, i + metersPerCommit);
        yield* carryOut((rows) => planMeters(rows, some, nowMs), nowMs);
      }
      yield* buryAll(unusable, nowMs);
    },
  };
}

function meterItem(record: KafkaRecord): MeterItem | { reason: string } {
  const parsed = parseEnvelope(record.value);
  if (!parsed.ok) return parsed;
  const event = parsed.value;
  if (event.type !== "meter") return { reason: `${event.type}: not a meter message` };
  const meter = Meter.safeParse(event.body);
  if (!meter.success) return { reason: `meter: ${issuesText(meter.error)}` };
  return { event, meter: meter.data, ingestMs: record.timestampMs };
}

function statusWork(records: readonly KafkaRecord[], settings: Settings): Work {
  return {
    firstOffset: records[0]?.offset ?? 0,
    records: [...records],
    *steps(nowMs) {
      const batch: StatusBatch = { feed: records[0]?.partition ?? 0, items: [], canaries: [] };
      const unusable: Unusable[] = [];
      for (const record of records) {
        const reason = sortStatus(record, batch, settings);
        if (reason !== undefined) unusable.push({ record, reason });
      }
      yield* statusBatch(batch, nowMs, settings.heard);
      yield* buryAll(unusable, nowMs);
    },
  };
}

/** Puts the record where it belongs in the batch, or says why it does not. */
function sortStatus(record: KafkaRecord, batch: StatusBatch, settings: Settings): string | undefined {
  const ingestMs = record.timestampMs;
  const parsed = parseEnvelope(record.value);
  if (!parsed.ok) {
    const canary = parseJson(Canary, record.value);
    if (!canary.ok) return parsed.reason;
    batch.canaries.push({ canary: canary.value, ingestMs });
    return undefined;
  }
  // Heard on another feed than its own it would never count.
  if (partitionOf(parsed.value.cp, settings.partitions) !== batch.feed)
    return `${parsed.value.type}: partition ${batch.feed} is not that of ${parsed.value.cp}`;
  const item = statusItem(parsed.value, ingestMs);
  if ("reason" in item) return item.reason;
  batch.items.push(item);
  return undefined;
}

function statusItem(event: Envelope, ingestMs: number): StatusItem | { reason: string } {
  if (event.src !== "monitor") return { reason: `${event.type}: only a monitor reports health` };
  if (event.type === "status") {
    const report = StatusReport.safeParse(event.body);
    if (report.success) return { is: "report", event, report: report.data, ingestMs };
    return { reason: `status: ${issuesText(report.error)}` };
  }
  if (event.type !== "will") return { reason: `${event.type}: not a status message` };
  const will = Will.safeParse(event.body);
  if (will.success) return { is: "will", event, will: will.data, ingestMs };
  return { reason: `will: ${issuesText(will.error)}` };
}
