// What the rooms see of Kafka; the adapters beside this file are the only importers of kafkajs.

export interface OutRecord {
  topic: string;
  key: string;
  /** Set explicitly: partition = shard mod P, the same on every producer. */
  partition: number;
  value: Uint8Array | string;
  /** Record time stamp, milliseconds; for device events this is the bridge's ingestAt. */
  timestampMs?: number;
  headers?: Record<string, string>;
}

export interface Producer {
  /**
   * Resolves when acks=all came for every record of this call; order of calls is order in the log. Rejects only
   * after `close()` or with a record that can never be sent (too large, unknown topic): `SendRefused`.
   */
  send(records: readonly OutRecord[]): Promise<void>;
  /** Records accepted and not yet acknowledged. */
  readonly backlog: number;
  /** Milliseconds since the oldest unacknowledged batch was first tried; 0 when none waits. */
  readonly stalledMs: number;
  close(): Promise<void>;
}

export interface InRecord {
  topic: string;
  partition: number;
  offset: string;
  timestampMs: number;
  key: string | null;
  value: Uint8Array;
  headers: Record<string, string>;
}

export interface ConsumerHandle {
  /** Milliseconds since the group coordinator or a fetch last answered. */
  readonly silentMs: number;
  close(): Promise<void>;
}
