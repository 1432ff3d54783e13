// What a connection has to say at QoS 0, and its PUBACKs, leave in one write per turn of the event loop. mqtt.js writes
// each packet by itself in several pieces: with many small packets that is a third of a bridge's work.
//
// 1. Packets leave in the order in which they were given; `flush` lets a packet of mqtt.js keep its place among them.
// 2. MQTT 3.1.1, section 3.3 (PUBLISH) and 3.4 (PUBACK).
import type { Duplex } from "node:stream";

export interface TurnWriter {
  puback(packetId: number): void;
  /** Resolves true when handed to the stream at the end of the turn, false when the stream was gone by then. */
  publish(topic: string, payload: string | Uint8Array): Promise<boolean>;
  /** Bytes that wait for the end of the turn. */
  readonly waitingBytes: number;
  /** Writes at once what waits. */
  flush(): void;
}

const pubackBytes = 4;
const publishHeader = 0x30;
const pubackHeader = 0x40;

interface Publish {
  topic: string;
  topicBytes: number;
  payload: string | Uint8Array;
  payloadBytes: number;
}

export function openTurnWriter(stream: Pick<Duplex, "write" | "writable">): TurnWriter {
  let waiting: (number | Publish)[] = [];
  let waitingBytes = 0;
  let turn: PromiseWithResolvers<boolean> | undefined;
  let isAsked = false;

  function put(packet: number | Publish, bytes: number): void {
    waiting.push(packet);
    waitingBytes += bytes;
    if (isAsked) return;
    isAsked = true;
    setImmediate(() => {
      isAsked = false;
      flush();
    });
  }

  function flush(): void {
    if (waiting.length === 0) return;
    const packets = waiting;
    const bytes = Buffer.allocUnsafe(waitingBytes);
    waiting = [];
    waitingBytes = 0;
    let at = 0;
    for (const packet of packets)
      at = typeof packet === "number" ? putPuback(bytes, at, packet) : putPublish(bytes, at, packet);
    const { writable } = stream;
    if (writable) stream.write(bytes);
    turn?.resolve(writable);
    turn = undefined;
  }

  return {
    puback: (packetId) => put(packetId, pubackBytes),
    publish(topic, payload) {
      const topicBytes = Buffer.byteLength(topic);
      const payloadBytes = typeof payload === "string" ? Buffer.byteLength(payload) : payload.byteLength;
      const rest = 2 + topicBytes + payloadBytes;
      put({ topic, topicBytes, payload, payloadBytes }, 1 + lengthBytes(rest) + rest);
      turn ??= Promise.withResolvers();
      return turn.promise;
    },
    get waitingBytes() {
      return waitingBytes;
    },
    flush,
  };
}

function putPuback(bytes: Buffer, at: number, packetId: number): number {
  bytes[at] = pubackHeader;
  bytes[at + 1] = 2;
  bytes[at + 2] = packetId >> 8;
  bytes[at + 3] = packetId & 255;
  return at + pubackBytes;
}

function putPublish(bytes: Buffer, from: number, publish: Publish): number {
  const { topic, topicBytes, payload, payloadBytes } = publish;
  let at = from;
  bytes[at++] = publishHeader;
  let rest = 2 + topicBytes + payloadBytes;
  for (; rest >= 128; rest >>= 7) bytes[at++] = (rest & 127) | 128;
  bytes[at++] = rest;
  at = bytes.writeUInt16BE(topicBytes, at);
  at += bytes.write(topic, at);
  if (typeof payload === "string") bytes.write(payload, at);
  else bytes.set(payload, at);
  return at + payloadBytes;
}

/** Of a remaining length on the wire: seven bits a byte. */
function lengthBytes(length: number): number {
  let bytes = 1;
  for (let rest = length; rest >= 128; rest >>= 7) bytes++;
  return bytes;
}
