// Drivers who wait: in line, with an offer, for an hour; and what must hold of every line, at each commit and at rest.
import type { Write } from "../../central-fn/tables/port.ts";
import type { CpRow, DriverRow, InboxRow, SessionRow } from "../../central-fn/tables/rows.ts";
import type { SimCentral } from "./central.ts";
import type { SimKafka } from "./kafka.ts";
import type { World } from "./world.ts";

const minuteMs = 60_000;

/** What this request asks for beside a start; empty: a start now, or none. */
export function waitingWish(world: World): { queue?: true; startAt?: number; costLimitMinor?: number } {
  return {
    ...(world.chance(0.45) ? { queue: true } : {}),
    ...(world.chance(0.1) ? { startAt: world.nowMs + world.between(1, 40) * minuteMs } : {}),
    ...(world.chance(0.1) ? { costLimitMinor: world.between(1, 800) } : {}),
  };
}

export interface Waiter {
  say(type: "confirm" | "cancel"): void;
  /** The car comes to the point. */
  come(): void;
}

/** What a driver does at each look at a session that waits or was granted after waiting. */
export function waiting(
  world: World,
  waiter: Waiter,
): (session: SessionRow | undefined, stopped: boolean) => void {
  let came = false;
  // Some never look at their offer.
  const careless = world.chance(0.25);
  return (session, stopped) => {
    switch (session?.rank) {
      case "QUEUED":
      case "SCHEDULED":
        if (world.chance(0.02)) waiter.say("cancel");
        return;
      case "OFFERED":
        if (careless || stopped) return;
        waiter.say(world.chance(0.05) ? "cancel" : "confirm");
        // Impatient thumbs.
        if (world.chance(0.3)) world.after(world.between(1, 3_000), () => waiter.say("confirm"));
        return;
      case "ACCEPTED":
      case "INTENT":
        if (!came) waiter.come();
        came = true;
    }
  };
}

/** Invariants 22 and 23 at a commit that would be done: offers go to the first alone, nobody gets the point past him. */
export function lineFaults({ table }: SimCentral, writes: readonly Write[]): string[] {
  const stale = writes.some(
    (write) => write.expect !== "any" && write.expect !== (table.getNow(write.key)?.version ?? 0),
  );
  if (stale) return [];
  return writes.flatMap((write) => {
    if (write.do !== "put" || !write.key.pk.startsWith("cps#")) return [];
    return rowFaults(table.getNow<CpRow>(write.key)?.value, write.value as CpRow);
  });
}

function rowFaults(before: CpRow | undefined, { cp, claim, line }: CpRow): string[] {
  const wrong: string[] = [];
  const places = [...(line?.queue ?? []), ...(line?.scheduled ?? [])];
  if (line?.offer && line.queue[0]?.sid !== line.offer.sid)
    wrong.push(`22 ${cp}: the offer is to ${line.offer.sid}, the first in line is ${line.queue[0]?.sid}`);
  if (line?.offer && claim) wrong.push(`22 ${cp}: offered to ${line.offer.sid} while ${claim.sid} holds it`);
  if (new Set(places.map(({ driver }) => driver)).size < places.length)
    wrong.push(`22 ${cp}: a driver has two places`);
  if (line && (line.queue.length > 10 || line.scheduled.length > 10))
    wrong.push(`22 ${cp}: the line is too long`);
  const first = before?.line?.queue[0];
  if (claim && claim.sid !== before?.claim?.sid && first && first.sid !== claim.sid)
    wrong.push(`23 ${cp}: ${claim.sid} got the point past ${first.sid}`);
  const offer = before?.line?.offer;
  if (offer && line?.offer && line.offer.sid === offer.sid && line.offer.expiresAtMs !== offer.expiresAtMs)
    wrong.push(`22 ${cp}: the offer to ${offer.sid} was prolonged`);
  return wrong;
}

const waitingEvents = new Set(["queued", "scheduled", "offered", "withdrawn", "unconfirmed"]);

/** Invariant 24 at rest: nobody waits any more, every place ended told, and what was confirmed was confirmed by its driver. */
export function placeFaults(central: SimCentral, kafka: SimKafka): string[] {
  const wrong: string[] = [];
  for (const { value } of central.rows<CpRow>("cps#")) {
    const { queue = [], scheduled = [] } = value.line ?? {};
    for (const { sid } of [...queue, ...scheduled]) wrong.push(`24 ${value.cp}: ${sid} waits for ever`);
  }
  const confirmed = new Set(
    kafka
      .all("driver.requests")
      .map(({ value }) => JSON.parse(value) as { type: string; sid: string })
      .flatMap(({ type, sid }) => (type === "confirm" ? [sid] : [])),
  );
  for (const { value: driver } of central.rows<DriverRow>("driver#", "driver")) {
    for (const { sid } of driver.places ?? []) wrong.push(`24 ${driver.driver} still has the place ${sid}`);
    const told = Map.groupBy(
      central.table.queryNow<InboxRow>(`driver#${driver.driver}`, { prefix: "inbox#" }),
      ({ value }) => value.sid ?? "",
    );
    for (const [sid, entries] of told)
      wrong.push(
        ...toldFaults(
          sid,
          entries.map(({ value }) => value.event),
          confirmed,
        ),
      );
  }
  return wrong;
}

function toldFaults(sid: string, events: readonly string[], confirmed: ReadonlySet<string>): string[] {
  const wrong: string[] = [];
  const times = (event: string) => events.filter((one) => one === event).length;
  if (waitingEvents.has(events.at(-1) ?? "")) wrong.push(`24 ${sid}: told ${events.join(", ")} and no end`);
  if (times("queued") > 1 || times("scheduled") > 1 || times("offered") > times("withdrawn") + 1)
    wrong.push(`24 ${sid}: told twice: ${events.join(", ")}`);
  if (times("queued") > 0 && times("accepted") > 0 && !confirmed.has(sid))
    wrong.push(`24 ${sid} started from the line without a confirmation`);
  return wrong;
}
