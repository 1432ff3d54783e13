// A refusal of the phone's own port: problem details (RFC 9457).
import type { ServerResponse } from "node:http";

export function problem(response: ServerResponse, status: number, title: string, detail: string): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "about:blank", title, status, detail }));
}
