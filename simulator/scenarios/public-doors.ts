// The public doors of a running fleet, and nothing behind them: the supervisor's socket, Central's and the phones'
// HTTP, the chargers' control sockets, the logs.
import { join } from "node:path";
import { openTokens } from "../../central-fn/api/tokens.ts";
import { type ChargerControl, openChargerControl } from "../charger/control.ts";
import { readCps } from "../cli/fleet-reading.ts";
import type { CpReading } from "../cli/fleet-view.rules.ts";
import { runningAddresses } from "../fleet/addresses-file.ts";
import { Complaint } from "../fleet/complaint.ts";
import { askSupervisor, type Done } from "../fleet/control-client.ts";
import type { ControlRequest, ServiceReport } from "../fleet/control-messages.ts";
import { type Places, placesOf } from "../fleet/places.ts";
import { operatorToken } from "../fleet/tokens.ts";

/** An answer over HTTP; null when there was none (refused, cut, too late). */
export interface Answer {
  status: number;
  value: unknown;
}

export interface Call {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** How long an answer is waited for. */
  withinMs?: number;
}

export interface Doors {
  places: Places;
  portOffset: number;
  centralUrl: string;
  services(): Promise<ServiceReport[]>;
  /** Rejects with a Complaint when the supervisor refuses or is gone. */
  ask(request: ControlRequest): Promise<Done>;
  /** Every charge point as Central shows it to an operator; null when Central does not answer. */
  cps(): Promise<CpReading[] | null>;
  /** Central, with an operator's token or none. */
  central(path: string, call?: Call): Promise<Answer | null>;
  /** Central, with this driver's token; the driver needs no phone. */
  asDriver(driver: string, path: string, call?: Call): Promise<Answer | null>;
  /** The port of a driver's phone. */
  phone(driver: string, path: string, call?: Call): Promise<Answer | null>;
  /** Uses the control socket of a charge point's charger. Rejects when the charger does not run. */
  withCharger<T>(cp: string, use: (control: ChargerControl) => Promise<T>): Promise<T>;
  logPath(service: string): string;
}

/** Undefined when no fleet runs with this state directory. */
export async function openPublicDoors(stateDir: string): Promise<Doors | undefined> {
  const places = placesOf(stateDir);
  if (!(await askSupervisor(places, { verb: "status" }))) return undefined;
  const addresses = runningAddresses(places);
  if (!addresses) return undefined;
  const { centralUrl, portOffset } = addresses;
  const tokens = openTokens(places.tokenKey);
  const operator = await operatorToken(places);
  const drivers = new Map<string, Promise<string>>();
  const tokenOf = (driver: string) => {
    const known = drivers.get(driver) ?? tokens.sign({ sub: driver, role: "driver", expiresInS: 86_400 });
    drivers.set(driver, known);
    return known;
  };
  const ask = async (request: ControlRequest): Promise<Done> => {
    const done = await askSupervisor(places, request);
    if (!done) throw new Complaint("the fleet ended while the story was played");
    return done;
  };
  return {
    places,
    portOffset,
    centralUrl,
    ask,
    services: async () => (await ask({ verb: "status" })).services,
    cps: () => readCps(centralUrl, operator),
    central: (path, call) => send(centralUrl + path, operator, call),
    asDriver: async (driver, path, call) => send(centralUrl + path, await tokenOf(driver), call),
    async phone(driver, path, call) {
      const port = (await ask({ verb: "status" })).services.find(({ subject }) => subject === driver)?.port;
      if (!port) throw new Complaint(`${driver} has no phone in this fleet`);
      return send(`http://127.0.0.1:${port}${path}`, null, call);
    },
    async withCharger(cp, use) {
      const control = await openChargerControl(join(places.sockets, `${cp}.box.sock`));
      try {
        return await use(control);
      } finally {
        control.close();
      }
    },
    logPath: (service) => join(places.logs, `${service}.log`),
  };
}

async function send(url: string, token: string | null, call: Call = {}): Promise<Answer | null> {
  try {
    const response = await fetch(url, {
      method: call.method ?? "GET",
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(call.body !== undefined && { "content-type": "application/json" }),
        ...call.headers,
      },
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
      signal: AbortSignal.timeout(call.withinMs ?? 3_000),
    });
    const text = await response.text();
    return { status: response.status, value: text === "" ? null : JSON.parse(text) };
  } catch (error) {
    // No answer is an answer here: stories cut lines and stop servers.
    if (error instanceof Error) return null;
    throw error;
  }
}
