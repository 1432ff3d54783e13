// The editable files of a fleet: one per charge point, one per driver, one for what they share. Names as in the
// public API (snake case, unit last); an unknown key is refused, for it is mostly a known one misspelt.
import * as z from "zod";
import { ConnectorType, Id } from "../../wire/messages/index.ts";

const Ms = z.number().int().min(50).max(3_600_000);
const Port = z.number().int().min(1).max(65_535);
const Price = z
  .number()
  .min(0)
  .max(100)
  .refine((euros) => Math.abs(euros * 1e5 - Math.round(euros * 1e5)) < 1e-6, "at most five decimals");

/** The firmware versions whose behaviour the simulated box imitates. */
export const Firmware = z.enum(["8.2.3", "D8.1.1", "7.1.3", "5.0.1"]);

export const CpFile = z.strictObject({
  cp_id: Id,
  name: z.string().min(1).max(80),
  address: z.string().max(120).default(""),
  city: z.string().max(60).default(""),
  latitude: z.number().min(-90).max(90).default(0),
  longitude: z.number().min(-180).max(180).default(0),
  connector_type: ConnectorType.default("CCS2"),
  amenities: z.array(z.string().min(1).max(40)).max(16).default([]),
  power_kw: z.number().min(1.4).max(1000),
  price_eur_per_kwh: Price,
  firmware: Firmware.default("8.2.3"),
  /** `auto`: cars come and go by themselves; `none`: only by the control socket. */
  cars: z.enum(["auto", "none"]).default("auto"),
  /** What the engine does with a session that it finds running when it starts. */
  reboot_policy: z.enum(["close", "resume"]).default("close"),
  idle_limit_s: z.number().int().min(1).max(86_400).default(600),
  probe_interval_ms: Ms.default(1_000),
  probe_timeout_ms: Ms.default(800),
  status_interval_ms: Ms.default(2_000),
  status_ttl_ms: Ms.default(6_000),
  /** Secondary amperes and transformer ratio; left out, they follow from the power. */
  amps: z.number().int().min(6).max(80).optional(),
  ct_ratio: z.number().int().min(1).max(100).optional(),
});
export type CpFile = z.infer<typeof CpFile>;

export const DriverLimit = z.strictObject({
  energy_kwh: z.number().min(0.001).max(10_000).optional(),
  duration_s: z.number().int().min(1).max(604_800).optional(),
});
export const DriverWish = z.strictObject({ cp_id: Id, vehicle_id: Id, limit: DriverLimit.optional() });
export type DriverWish = z.infer<typeof DriverWish>;

export const DriverFile = z.strictObject({
  driver_id: Id,
  port: Port,
  /** Begin again after the last request. */
  loop: z.boolean().default(true),
  requests: z.array(DriverWish).max(1_000).default([]),
});
export type DriverFile = z.infer<typeof DriverFile>;

export const SystemFile = z.strictObject({
  kafka_port: Port.default(9092),
  mqtt_port: Port.default(1883),
  central_port: Port.default(8000),
  /** Of DynamoDB Local, where the servers are the real ones. */
  table_port: Port.default(8001),
  partitions: z.union([1, 2, 4, 8, 16, 32, 64].map((n) => z.literal(n))).default(8),
  canary_interval_ms: Ms.default(1_000),
  sweep_interval_ms: Ms.default(1_000),
  sample_flush_s: z.number().int().min(1).max(600).default(1),
  /** Every network line between services through a proxy of the supervisor, so that `ev disconnect` can cut it. */
  links: z.boolean().default(true),
  /**
   * A large fleet: charge points 1 to `cps` that have no file of their own live many to a process, and so do as many
   * drivers. `cps_per_worker` stays as it was at the first start: their journals lie in their workers.
   */
  simulated: z
    .strictObject({
      cps: z.number().int().min(0).max(20_000).default(0),
      drivers: z.number().int().min(0).max(5_000).default(0),
      cps_per_worker: z.number().int().min(1).max(5_000).default(1_000),
    })
    .default({ cps: 0, drivers: 0, cps_per_worker: 1_000 }),
  /** For single services, by name: environment that replaces what they get (another broker's address, say). */
  env: z.record(z.string(), z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string())).default({}),
});
export type SystemFile = z.infer<typeof SystemFile>;

export interface Fleet {
  system: SystemFile;
  cps: CpFile[];
  drivers: DriverFile[];
}
