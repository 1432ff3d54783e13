// The function behind the managed-Kafka event source: everything that Central learns comes in here.
import { type BatchResponse, createHandler, type Handler, type MskEvent } from "./on-event/batch.ts";
import { openFunctionParts } from "./on-event/parts.ts";

let opened: Promise<Handler> | undefined;

/** Answers with the first record of each partition that is to come again. */
export async function handler(event: MskEvent): Promise<BatchResponse> {
  opened ??= openFunctionParts("central-events").then(createHandler);
  return (await opened)(event);
}
