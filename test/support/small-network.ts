// A small network of the production cores under virtual time, with Central's HTTP application in front: whole roads in
// milliseconds, from a driver's request to the charger's relay and back to the bill.

import { randomBytes } from "node:crypto";
import { type App, createApp } from "../../central-fn/api/app.ts";
import { defaultRateOptions } from "../../central-fn/api/rate-limit.ts";
import { sessionIds } from "../../central-fn/api/session-id.ts";
import { tokensOf } from "../../central-fn/api/tokens.ts";
import type { CdrRow } from "../../central-fn/tables/rows.ts";
import type { Registration } from "../../wire/messages/index.ts";
import { silentLog } from "../../wire/process/log.ts";
import { canaryEveryMs, SimBridge } from "../simulation/bridge.ts";
import { SimCentral } from "../simulation/central.ts";
import { SimDevice } from "../simulation/device.ts";
import { SimKafka } from "../simulation/kafka.ts";
import { SimBroker } from "../simulation/mqtt.ts";
import { noBugs } from "../simulation/scenario.ts";
import { World } from "../simulation/world.ts";

const partitions = 2;

type Json = Record<string, unknown>;

export interface Answer<T = Json> {
  status: number;
  body: T;
}

export class SmallNetwork {
  readonly world = new World(20_260_501);
  readonly kafka = new SimKafka(this.world, partitions);
  readonly broker = new SimBroker(this.world);
  readonly bridge: SimBridge;
  readonly central: SimCentral;
  readonly devices: SimDevice[] = [];
  /** Lines of the trace, for what was logged. */
  readonly lines: string[] = [];
  readonly #cps: string[] = [];
  readonly #tokens = tokensOf(randomBytes(32));
  readonly #app: App;

  /** So many charge points, On and welcomed. */
  constructor(count: number) {
    const { bridge, central } = noBugs();
    this.world.trace = (line) => this.lines.push(line);
    this.bridge = new SimBridge(this.world, this.kafka, this.broker, bridge);
    this.central = new SimCentral(this.world, this.kafka, central, this.#cps, {
      sideBySide: true,
      livesOn: true,
    });
    this.#app = createApp({
      table: this.central.table,
      append: async (record) => this.kafka.append({ ...record, timestampMs: this.world.nowMs }),
      now: () => this.world.nowMs,
      partitions,
      tokens: this.#tokens,
      sessionIds: sessionIds(randomBytes(32)),
      log: silentLog,
      fleetFreshMs: 0,
      staleFeedMs: canaryEveryMs * 3,
      rate: { ...defaultRateOptions, nowMs: () => this.world.nowMs },
    });
    for (let n = 1; n <= count; n++) this.add(`CP-00${n}`, 28_000 + n * 1_000);
    this.run(180);
  }

  /** A charge point that registers itself. */
  add(cp: string, priceE5PerKwh: number, more: Partial<Registration> = {}): SimDevice {
    this.#cps.push(cp);
    const registration: Registration = {
      name: `Point ${cp}`,
      address: "Street 1",
      city: "Alicante",
      latitude: 38.3,
      longitude: -0.5,
      connectorType: "TYPE2",
      amenities: [],
      powerW: 22_000,
      priceE5PerKwh,
      currency: "EUR",
      ...more,
    };
    const config = {
      cp,
      maxAmps: 32,
      rebootPolicy: "close" as const,
      idleLimitS: 600,
      sampleFlushS: 60,
      agentVersion: "test",
      minFreeBytes: 1_000,
    };
    const device = new SimDevice(this.world, this.broker, config, registration, noBugs().device, partitions);
    this.devices.push(device);
    return device;
  }

  device(cp: string): SimDevice {
    const device = this.devices.find((one) => one.cp === cp);
    if (!device) throw new Error(`no ${cp}`);
    return device;
  }

  run(seconds: number): void {
    this.world.runUntil(this.world.nowMs + seconds * 1_000);
  }

  /** Calls the API as this driver or operator; null: without a token. */
  async ask<T = Json>(who: string | null, method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (who !== null) {
      const role = who.startsWith("operator") ? "operator" : "driver";
      headers.authorization = `Bearer ${await this.#tokens.sign({ sub: who, role, expiresInS: 60 })}`;
    }
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await this.#app.request(path, init);
    const text = await response.text();
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as T };
  }

  /** A driver asks for a charge and gets a session id; what becomes of it shows after some time. */
  async request(driver: string, cp: string): Promise<string> {
    const body = { cp_id: cp, vehicle_id: "VEH-001" };
    const { status, body: session } = await this.ask(driver, "POST", `/drivers/${driver}/requests`, body);
    if (status !== 202) throw new Error(`${status} ${session.detail}`);
    return String(session.session_id);
  }

  /** A driver whose car charges: asked, plugged in, 60 s of current. */
  async charging(driver: string, cp: string): Promise<string> {
    const sid = await this.request(driver, cp);
    this.run(5);
    this.device(cp).box.plug(1e12);
    this.run(60);
    if (!this.device(cp).box.relay) throw new Error(`${cp} supplies nothing`);
    return sid;
  }

  async session(driver: string, sid: string): Promise<Json> {
    return (await this.ask(driver, "GET", `/drivers/${driver}/sessions/${sid}`)).body;
  }

  async state(cp: string): Promise<unknown> {
    return (await this.ask(null, "GET", `/cp/${cp}`)).body.state;
  }

  /** Everything told to a driver after this sequence. */
  async told(driver: string, after = 0): Promise<{ sequence: number; type: string; message: string }[]> {
    const path = `/drivers/${driver}/notifications?after=${after}`;
    return (await this.ask<{ sequence: number; type: string; message: string }[]>(driver, "GET", path)).body;
  }

  bills(): CdrRow[] {
    return this.central.rows<CdrRow>("driver#", "cdr#").map(({ value }) => value);
  }
}
