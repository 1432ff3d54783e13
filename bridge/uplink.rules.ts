// What a message from MQTT becomes: a Kafka record with the device to acknowledge, or a dead letter with a nack.
//
// 1. Only the envelope is validated; the bytes go to Kafka as they came.
// 2. The topic is what the broker authenticated: a payload that names another charge point or source is refused.

import type { OutRecord } from "../wire/kafka/port.ts";
import {
  Canary,
  deviceOfTopic,
  Envelope,
  type EventIdentity,
  identityText,
  kafkaTopics,
  mqttTopics,
  type Nack,
  parseEnvelope,
  parseJson,
  partitionOf,
  roadOf,
} from "../wire/messages/index.ts";
import { deadLetterId, deadLetterRecord, type Offence } from "./dead-letters.ts";

export interface BridgeName {
  partitions: number;
  bridgeId: string;
}

export interface NackTo {
  cp: string;
  nack: Nack;
}

export type UplinkMessage =
  | { is: "event"; record: OutRecord; identity: EventIdentity; acknowledged: boolean }
  | { is: "canary"; record: OutRecord }
  | { is: "dead-letter"; record: OutRecord; reason: string; nackTo: NackTo | null }
  /** A canary of another bridge: not ours to carry. */
  | { is: "foreign" };

/** `ingestAtMs` is the bridge's wall clock at arrival. Never throws, whatever the bytes. */
export function readUplink(
  topic: string,
  payload: Uint8Array,
  ingestAtMs: number,
  bridge: BridgeName,
): UplinkMessage {
  const device = deviceOf(topic);
  if (!device && topic.startsWith(canaryPrefix)) return readCanary(topic, payload, ingestAtMs, bridge);
  const arrived = { topic, payload, atMs: ingestAtMs, bridge };
  if (!device) return refusal(arrived, "not the topic of a charge point in its shard");
  const parsed = parseEnvelope(payload);
  if (!parsed.ok) return refusal(arrived, parsed.reason, device, identityIn(payload));
  const { value: envelope } = parsed;
  const wrong = foreignTo(device, envelope);
  if (wrong !== undefined) return refusal(arrived, wrong, device, envelope);
  const road = roadOf(envelope.type);
  return {
    is: "event",
    identity: envelope,
    acknowledged: road.acknowledged,
    record: {
      topic: road.topic,
      key: envelope.cp,
      partition: partitionOf(envelope.cp, bridge.partitions),
      value: payload,
      timestampMs: ingestAtMs,
    },
  };
}

/** Why this cannot come on that device's topic; undefined: it can. */
function foreignTo(device: Device, { cp, src }: Envelope): string | undefined {
  if (cp !== device.cp) return `cp ${cp} on the topic of ${device.cp}`;
  if (src !== device.src) return `source ${src} on the topic of the ${device.src}`;
  return undefined;
}

interface Arrived {
  topic: string;
  payload: Uint8Array;
  atMs: number;
  bridge: BridgeName;
}

/** `identity`: as far as the payload tells, so that its sender can be told. */
function refusal(
  { topic, payload, atMs, bridge }: Arrived,
  reason: string,
  device?: Device,
  identity?: Pick<EventIdentity, "journal" | "epoch" | "seq">,
): UplinkMessage {
  const offence: Offence = {
    topic,
    payload,
    reason,
    ...(device ? { cp: device.cp } : {}),
    ...(device && identity ? { event: identityText({ ...identity, ...device }) } : {}),
  };
  return {
    is: "dead-letter",
    record: deadLetterRecord(offence, atMs, bridge.partitions),
    reason,
    nackTo: device && identity ? nackTo(device, identity, deadLetterId(offence), reason) : null,
  };
}

interface Device {
  cp: string;
  src: "engine" | "monitor";
}

/** Topics of devices, looked at once: a device keeps its topic. */
const devices = new Map<string, Device>();
const mostDevices = 100_000;

function deviceOf(topic: string): Device | undefined {
  const known = devices.get(topic);
  if (known !== undefined) return known;
  const device = deviceOfTopic(topic);
  if (device && devices.size < mostDevices) devices.set(topic, device);
  return device;
}

const canaryPrefix = mqttTopics.canary(0).slice(0, -1);

/** Key of the canaries of one Kafka partition in cp.status. */
export function canaryKey(feed: number): string {
  return `feed-${feed}`;
}

function readCanary(topic: string, payload: Uint8Array, atMs: number, bridge: BridgeName): UplinkMessage {
  const parsed = parseJson(Canary, payload);
  const reason = parsed.ok ? "canary of a feed that is not the topic's" : parsed.reason;
  if (!parsed.ok || mqttTopics.canary(parsed.value.feed) !== topic || parsed.value.feed >= bridge.partitions)
    return {
      is: "dead-letter",
      record: deadLetterRecord({ topic, payload, reason }, atMs, bridge.partitions),
      reason,
      nackTo: null,
    };
  if (parsed.value.bridge !== bridge.bridgeId) return { is: "foreign" };
  const { feed } = parsed.value;
  return {
    is: "canary",
    record: {
      topic: kafkaTopics.status.name,
      key: canaryKey(feed),
      partition: feed,
      value: payload,
      timestampMs: atMs,
    },
  };
}

const Identity = Envelope.pick({ journal: true, epoch: true, seq: true });

/** The part of a broken envelope that its sender needs to find the event again. */
function identityIn(payload: Uint8Array): { journal: string; epoch: number; seq: number } | undefined {
  const parsed = parseJson(Identity, payload);
  return parsed.ok ? parsed.value : undefined;
}

function nackTo(
  device: { cp: string; src: "engine" | "monitor" },
  { journal, epoch, seq }: Pick<EventIdentity, "journal" | "epoch" | "seq">,
  deadLetter: string,
  reason: string,
): NackTo {
  return {
    cp: device.cp,
    nack: { kind: "nack", src: device.src, journal, epoch, seq, deadLetter, reason: reason.slice(0, 300) },
  };
}
