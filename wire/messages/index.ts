// Every message of the system, by family. Import from here.
export * from "./canary.ts";
export * from "./command.ts";
export * from "./dead-letter.ts";
export * from "./envelope.ts";
export * from "./ids.ts";
export * from "./meter.ts";
export * from "./monitor.ts";
export * from "./operator-requests.ts";
export * from "./requests.ts";
export * from "./rights.ts";
export * from "./session.ts";
export * from "./topics.ts";
export * from "./update.ts";
