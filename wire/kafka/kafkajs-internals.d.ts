// The one private module of kafkajs that is corrected (idle-timer.ts); pinned with the package's version.
declare module "kafkajs/src/network/requestQueue/index.js" {
  const RequestQueue: {
    prototype: {
      pending: unknown[];
      throttledUntil: number;
      scheduleCheckPendingRequests(): void;
    };
  };
  export default RequestQueue;
}
