// What one API of the protocol is to the server: versions it serves, how it reads a request and writes the answer.
import type { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import type { Coordinator } from "../group/coordinator.ts";
import type { Store } from "../store.ts";
import type { Topics } from "../topics.ts";

/** What the APIs work on. */
export interface Broker {
  readonly topics: Topics;
  readonly coordinator: Coordinator;
  readonly store: Store;
  /** Shortest session time-out a group member may ask for, milliseconds. */
  readonly leastSessionMs: number;
  /** Tells the log of something worth knowing. */
  warn(what: string): void;
}

export interface Call {
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** Where clients reach this broker, as this client sees it. */
  readonly host: string;
  readonly port: number;
  /** Runs when the connection ends while the request waits; returns how to take that back. */
  onClose(run: () => void): () => void;
}

/** Writes the body of the response. */
export type Body = (writer: Writer) => void;

export interface Api {
  readonly key: number;
  readonly name: string;
  /** Versions it can serve. The lowest one announced is always 0: clients judge the broker's age by it. */
  readonly least: number;
  readonly most: number;
  /** Undefined: no response is sent. Throws `MalformedRequest`. */
  handle(reader: Reader, call: Call, broker: Broker): Body | undefined | Promise<Body | undefined>;
}

/** The only node of this cluster. */
export const nodeId = 1;
