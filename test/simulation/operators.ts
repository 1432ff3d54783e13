// Operators: points out of service and back, one or all, prices, sessions stopped, reviews settled, points retired and
// reinstated; a call that got no answer is made again under its id. And what must hold of all they asked.
import { type OperationRow, operatorKeys } from "../../central-fn/tables/operator-rows.ts";
import { type CdrRow, type CpRow, keys, type ReviewRow } from "../../central-fn/tables/rows.ts";
import { partitionOf } from "../../wire/messages/index.ts";
import type { DeviceEvent } from "../support/invariants.ts";
import type { SimCentral } from "./central.ts";
import type { SimKafka } from "./kafka.ts";
import type { World } from "./world.ts";

const minuteMs = 60_000;

interface Asked {
  id: string;
  type: string;
  requestedAt: number;
  sid?: string;
  driver?: string;
  decision?: string;
}

export class SimOperators {
  stopped = false;
  readonly #world: World;
  readonly #kafka: SimKafka;
  readonly #central: SimCentral;
  readonly #cps: readonly string[];

  constructor(world: World, kafka: SimKafka, central: SimCentral, cps: readonly string[]) {
    this.#world = world;
    this.#kafka = kafka;
    this.#central = central;
    this.#cps = cps;
    this.#later();
  }

  /** The last thing they do: every point is in use and in service. */
  openAll(): void {
    this.stopped = true;
    // Orders of one moment have no order among themselves.
    this.#world.after(1_000, () => {
      for (const cp of this.#cps) this.#ask({ type: "reinstate-cp", cp, reason: "back" });
    });
    // Points that are retired are no part of the fleet yet.
    this.#world.after(minuteMs, () => this.#ask({ type: "resume-fleet" }));
  }

  #later(): void {
    this.#world.after(this.#world.between(2, 40) * minuteMs, () => {
      if (this.stopped) return;
      this.#act();
      this.#later();
    });
  }

  #act(): void {
    const world = this.#world;
    const cp = world.pick(this.#cps);
    if (world.chance(0.5)) this.#settle();
    const act = world.pick(["service", "service", "stop", "stop", "price", "fleet", "retire"] as const);
    switch (act) {
      case "service":
        this.#ask({ type: "stop-cp", cp });
        return this.#afterwards(() => this.#ask({ type: "resume-cp", cp }));
      case "fleet":
        this.#ask({ type: "stop-fleet", reason: "storm" });
        return this.#afterwards(() => this.#ask({ type: "resume-fleet" }));
      case "retire":
        return this.#retire(this.#cps.find((one) => this.#row(one)?.claim) ?? cp);
      case "price":
        return this.#ask({ type: "tariff", cp, priceE5PerKwh: world.between(0, 90_000) });
      case "stop":
        return this.#stopSession(cp);
    }
  }

  /** In the middle of a session where there is one: its review is settled, and its end comes late. */
  #retire(cp: string): void {
    this.#ask({ type: "retire-cp", cp, reason: "moved" });
    for (let n = 0; n < 3; n++) this.#afterwards(() => this.#settle());
    this.#afterwards(() => this.#ask({ type: "reinstate-cp", cp, reason: "needed after all" }));
  }

  #row(cp: string): CpRow | undefined {
    return this.#central.cpRow(cp);
  }

  #afterwards(act: () => void): void {
    this.#world.after(this.#world.between(5_000, 10 * minuteMs), () => {
      if (!this.stopped) act();
    });
  }

  #stopSession(cp: string): void {
    const claim = this.#row(cp)?.claim;
    if (claim) this.#ask({ type: "stop-session", cp, sid: claim.sid, driver: claim.driver });
  }

  #settle(): void {
    const world = this.#world;
    const open = this.#central.rows<ReviewRow>("reviews").filter(({ value }) => value.settled === null);
    if (open.length === 0) return;
    const { id, cp, sid, driver } = world.pick(open).value;
    if (sid === null || driver === null)
      return this.#ask({ type: "close-review", cp, review: id, reason: "looked into" });
    const decision = world.pick(["bill", "waive"]);
    this.#ask({ type: "settle-review", cp, sid, driver, decision, reason: "looked into" });
    // Two operators at two pages.
    if (world.chance(0.5))
      this.#ask({ type: "settle-review", cp, sid, driver, decision: "bill", reason: "me too" });
  }

  #ask(order: { type: string; cp?: string } & Record<string, unknown>): void {
    const world = this.#world;
    const key = order.cp ?? "fleet";
    const request = {
      v: 1,
      id: `O-${world.hex(16)}`,
      operator: "operator-1",
      requestedAt: world.nowMs,
      ...order,
    };
    world.say("operator", `${order.type} ${key}`);
    this.#append(key, request);
    if (world.chance(0.2)) world.after(world.between(10, 60_000), () => this.#append(key, request));
  }

  #append(key: string, request: object): void {
    this.#kafka.produce(
      [
        {
          topic: "operator.requests",
          key,
          partition: partitionOf(key, this.#kafka.partitions),
          value: JSON.stringify(request),
          timestampMs: this.#world.nowMs,
        },
      ],
      () => true,
      () => {},
    );
  }
}

/** Invariant 25 at rest: every order was decided once and is in the audit log; a review is settled once, for good. */
export function orderFaults(central: SimCentral, kafka: SimKafka): string[] {
  const wrong: string[] = [];
  const asked = kafka.all("operator.requests").map(({ value }) => JSON.parse(value) as Asked);
  const orders = new Map(asked.map((order) => [order.id, order]));
  const settled = new Set<string>();
  for (const order of orders.values()) {
    const { id, type, requestedAt } = order;
    const operation = central.table.getNow<OperationRow>(operatorKeys.operation(id))?.value;
    if (!operation) wrong.push(`25 ${type} ${id} was never decided`);
    if (!central.table.getNow(keys.audit(requestedAt, id)))
      wrong.push(`25 ${type} ${id} is not in the audit log`);
    if (type !== "settle-review" || operation?.outcome !== "done") continue;
    if (settled.has(order.sid ?? "")) wrong.push(`25 ${order.sid} was settled twice`);
    settled.add(order.sid ?? "");
    wrong.push(...settledFaults(central, order));
  }
  for (const { value: cp } of central.rows<CpRow>("cps#"))
    if (cp.retired) wrong.push(`25 ${cp.cp} is retired although it was reinstated last`);
  return wrong;
}

function settledFaults(central: SimCentral, { sid = "", driver = "", decision }: Asked): string[] {
  const review = central.table.getNow<ReviewRow>(keys.review(sid))?.value;
  const cdr = central.table.getNow<CdrRow>(keys.cdr(driver, sid))?.value;
  const wrong: string[] = [];
  if (review?.settled?.decision !== decision)
    wrong.push(`25 ${sid} was settled "${decision}", the review says "${review?.settled?.decision}"`);
  if (decision === "waive" && cdr) wrong.push(`25 ${sid} is billed although it was waived`);
  if (decision === "bill" && cdr?.registerEndWh !== review?.registerEndWh)
    wrong.push(`25 ${sid} is billed to ${cdr?.registerEndWh} Wh, the review says ${review?.registerEndWh}`);
  return wrong;
}

/** Invariant 26 for one device: no session starts while an operator's order holds it out of service. */
export function serviceFaults(events: readonly DeviceEvent[]): string[] {
  const wrong: string[] = [];
  const heard = new Set<string>();
  let inService = true;
  let journal = "";
  for (const { journal: of, type, body } of events) {
    if (of !== journal) {
      journal = of;
      inService = true;
      heard.clear();
    }
    if (type !== "answer" || heard.has(String(body.cmdId))) continue;
    heard.add(String(body.cmdId));
    if (body.result !== "applied") continue;
    if (body.op === "stop-cp") inService = false;
    if (body.op === "resume-cp") inService = true;
    if (body.op === "start-supply" && !inService) wrong.push(`26 ${body.sid} starts while out of service`);
  }
  return wrong;
}
