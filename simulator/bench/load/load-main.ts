// Many devices in one process, for the bench: makes the load that its plan (first argument, JSON) asks for and tells
// its parent when the broker and the bridge have acknowledged it.
import { type AckMessage, mqttTopics } from "../../../wire/messages/index.ts";
import { type DeviceConnection, openDeviceConnection } from "./device-connection.ts";
import { cpName, eventPackets, firstSeq } from "./event-packets.ts";
import { type LoadPlan, type LoadTold, latencyOf, nowUs } from "./load.messages.ts";

const plan = JSON.parse(process.argv[2] ?? "") as LoadPlan;
const tell = (told: LoadTold) => void process.send?.(told);
const { pacing } = plan;
const share = Math.floor(plan.total / plan.connections);
const total = share * plan.connections;
const { resendAfterMs } = plan;
const window = pacing.by === "clock" ? Number.POSITIVE_INFINITY : pacing.window;

interface Device {
  connection?: DeviceConnection;
  /** Counted from 0. */
  sent: number;
  taken: number;
  acked: number;
  sentUs: Float64Array;
  /** Of events that were sent again: when last. */
  againUs: Map<number, number>;
  isAcked: Uint8Array;
  /** Everything before it is acknowledged. */
  settled: number;
  packets: ReturnType<typeof eventPackets>;
}

let sent = 0;
let resent = 0;
let taken = 0;
let acked = 0;
let beganUs = 0;
const ackMs: number[] = [];
const devices: Device[] = Array.from({ length: plan.connections }, (_, i) => ({
  sent: 0,
  taken: 0,
  acked: 0,
  sentUs: new Float64Array(share),
  againUs: new Map(),
  isAcked: new Uint8Array(share),
  settled: 0,
  packets: eventPackets(cpName(i), plan.journal, plan.kind),
}));

function write(device: Device, indices: readonly number[]): void {
  const { packetBytes, put } = device.packets;
  const bytes = Buffer.allocUnsafe(packetBytes * indices.length);
  let at = 0;
  for (const index of indices) {
    put(bytes, at, firstSeq + index, 1 + (index % 65_000), device.sentUs[index] ?? 0);
    at += packetBytes;
  }
  device.connection?.socket.write(bytes);
}

/** The next events, as many as the window lets. */
function sendMore(device: Device, most = Number.POSITIVE_INFINITY): void {
  const open = device.sent - (pacing.by === "broker" ? device.taken : device.acked);
  const count = Math.min(window - open, share - device.sent, most);
  if (count <= 0) return;
  const us = nowUs();
  const indices = Array.from({ length: count }, (_, i) => device.sent + i);
  for (const index of indices) device.sentUs[index] = us;
  device.sent += count;
  sent += count;
  write(device, indices);
}

function hear(device: Device, payload: Buffer): void {
  const message = JSON.parse(payload.toString("latin1")) as AckMessage;
  if (message.kind !== "ack" || message.journal !== plan.journal) return;
  const us = nowUs();
  for (const [from, to] of message.ranges)
    for (let index = from - firstSeq; index <= to - firstSeq; index++) {
      if (device.isAcked[index] !== 0) continue;
      device.isAcked[index] = 1;
      device.acked++;
      acked++;
      ackMs.push((us - (device.sentUs[index] ?? 0)) / 1_000);
    }
  while (device.isAcked[device.settled] === 1) device.settled++;
  if (pacing.by === "device-acks") sendMore(device);
  if (acked === total) done();
}

/** As a device does: what has waited for its acknowledgement goes again, the same bytes in the same order. */
function resendLate(afterMs: number): void {
  const now = nowUs();
  const before = now - afterMs * 1_000;
  for (const device of devices) {
    const late: number[] = [];
    for (let index = device.settled; index < device.sent; index++)
      if (device.isAcked[index] === 0 && (device.againUs.get(index) ?? device.sentUs[index] ?? 0) < before)
        late.push(index);
    for (const index of late) device.againUs.set(index, now);
    if (late.length > 0) write(device, late);
    resent += late.length;
  }
}

function done(): void {
  tell({ is: "done", sent, resent, acked, tookS: (nowUs() - beganUs) / 1e6, ack: latencyOf(ackMs) });
  for (const { connection } of devices) connection?.close();
  process.disconnect();
  setImmediate(() => process.exit(0));
}

function byClock(perSecond: number): void {
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((nowUs() - beganUs) / 1e6) * perSecond));
    while (sent < due) {
      const device = devices[sent % devices.length];
      if (device) sendMore(device, 1);
    }
    if (sent === total) clearInterval(timer);
  }, 1);
}

await Promise.all(
  devices.map(async (device, i) => {
    device.connection = await openDeviceConnection(
      {
        port: plan.mqttPort,
        clientId: `${cpName(i)}-engine`,
        ...(resendAfterMs !== undefined && { topic: mqttTopics.acks(cpName(i)) }),
      },
      {
        taken(packets) {
          // What went again is taken again.
          device.taken = Math.min(device.sent, device.taken + packets);
          taken += packets;
          if (pacing.by === "broker") sendMore(device);
          if (resendAfterMs === undefined && taken === total) done();
        },
        message: (payload) => hear(device, payload),
      },
    );
  }),
);
process.once("message", () => {
  beganUs = nowUs();
  if (resendAfterMs !== undefined) setInterval(() => resendLate(resendAfterMs), 250);
  if (pacing.by === "clock") return byClock(pacing.perSecond);
  for (const device of devices) sendMore(device);
});
tell({ is: "ready" });
