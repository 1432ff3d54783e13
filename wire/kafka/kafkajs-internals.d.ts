// The private modules of kafkajs that are corrected (idle-timer.ts, one-connect.ts, produce-request.ts); pinned with the
// package's version.
declare module "kafkajs/src/network/requestQueue/index.js" {
  interface RequestQueue {
    pending: unknown[];
    throttledUntil: number;
    scheduleCheckPendingRequests(): void;
    push(request: {
      entry: { correlationId: number; resolve(answer: unknown): void; reject(error: Error): void };
      expectResponse: boolean;
      sendRequest(): void;
    }): void;
    fulfillRequest(answer: { correlationId: number; payload: unknown; size: number }): void;
    maybeThrottle(forMs: number): void;
    destroy(): void;
  }
  const RequestQueue: {
    new (options: {
      maxInFlightRequests: number | null;
      requestTimeout: number;
      enforceRequestTimeout: boolean;
      clientId: string;
      broker: string;
      logger: { debug(): void; warn(): void };
    }): RequestQueue;
    prototype: RequestQueue;
  };
  export default RequestQueue;
}

declare module "kafkajs/src/network/connectionPool.js" {
  interface Connection {
    isConnected(): boolean;
    connect(): Promise<boolean>;
  }
  interface ConnectionPool {
    pool: Connection[];
    /** 1 for fetches, 0 for all else. */
    getConnection(index?: number): Promise<Connection>;
  }
  const ConnectionPool: { prototype: ConnectionPool };
  export default ConnectionPool;
}

declare module "kafkajs/src/broker/index.js" {
  interface ProduceRequest {
    acks: number;
    timeout: number;
    topicData: { topic: string; partitions: { partition: number; messages: { value: unknown }[] }[] }[];
  }
  interface Made {
    request: { apiVersion: number; encode(): Promise<unknown> };
    response: unknown;
  }
  interface Broker {
    /** Finds the version of a request that the broker and kafkajs both know. */
    lookupRequest(apiKey: number, definitions: unknown): (request: ProduceRequest) => Made;
    produce(request: ProduceRequest): Promise<unknown>;
  }
  const Broker: { prototype: Broker };
  export default Broker;
}
