// The one private module of kafkajs that is corrected (idle-timer.ts); pinned with the package's version.
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
