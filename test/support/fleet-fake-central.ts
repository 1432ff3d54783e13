// A small driver API on a real port, for tests of the phone: sessions advance by one status at each look.
import { serve } from "@hono/node-server";
import { Hono } from "hono";

export interface FakeCentral {
  url: string;
  /** Every POST of a request: its idempotency key and body. */
  asked: { key: string | undefined; body: unknown; authorization: string | undefined }[];
  notify(message: string): void;
  /** How often the current session was asked for. */
  readonly looks: number;
  /** Event streams that are open. */
  readonly streams: number;
  close(): Promise<void>;
}

const life = ["PENDING", "APPROVED", "CHARGING", "CHARGING", "COMPLETED"] as const;

export async function fakeCentral(port = 0): Promise<FakeCentral> {
  const asked: FakeCentral["asked"] = [];
  const sessions = new Map<string, { cp_id: string; looks: number }>();
  let looks = 0;
  let streams = 0;
  const inbox: { sequence: number; type: string; message: string }[] = [];
  const shown = (sid: string) => {
    const session = sessions.get(sid);
    if (!session) return undefined;
    const status = life[Math.min(session.looks, life.length - 1)] ?? "COMPLETED";
    const energy = Math.max(0, session.looks - 1) * 0.01;
    return {
      session_id: sid,
      request_id: sid,
      cp_id: session.cp_id,
      status,
      energy_kwh: energy,
      cost_eur: 0.01,
    };
  };
  const app = new Hono()
    .get("/charging-points", (c) => c.json([{ cp_id: "CP-001", city: c.req.query("city") ?? null }]))
    .post("/drivers/:driver/requests", async (c) => {
      const body: unknown = await c.req.json();
      const key = c.req.header("idempotency-key");
      asked.push({ key, body, authorization: c.req.header("authorization") });
      const cp = typeof body === "object" && body !== null && "cp_id" in body ? String(body.cp_id) : "";
      if (cp === "CP-404") return c.json({ title: "Not Found", detail: "no such charging point" }, 404);
      const sid = `S-${cp}-${key ?? "by-hand"}`;
      if (!sessions.has(sid)) sessions.set(sid, { cp_id: cp, looks: 0 });
      return c.json(shown(sid), 202);
    })
    .get("/drivers/:driver/events", () => {
      streams++;
      const body = new ReadableStream({
        start: (stream) => stream.enqueue(new TextEncoder().encode("event: inbox\ndata: {}\n\n")),
        cancel: () => {
          streams--;
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    })
    .get("/drivers/:driver/sessions/current", (c) => {
      looks++;
      return c.body(null, 204);
    })
    .get("/drivers/:driver/sessions/:sid", (c) => {
      const session = sessions.get(c.req.param("sid"));
      if (session) session.looks++;
      const answer = shown(c.req.param("sid"));
      return answer ? c.json(answer) : c.json({ title: "Not Found" }, 404);
    })
    .get("/drivers/:driver/notifications", (c) =>
      c.json(inbox.filter(({ sequence }) => sequence > Number(c.req.query("after") ?? 0))),
    );
  const listening = Promise.withResolvers<number>();
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, (info) =>
    listening.resolve(info.port),
  );
  return {
    url: `http://127.0.0.1:${await listening.promise}`,
    asked,
    get looks() {
      return looks;
    },
    get streams() {
      return streams;
    },
    notify: (message) => inbox.push({ sequence: inbox.length + 1, type: "SESSION", message }),
    close: () =>
      new Promise((resolve) => {
        if ("closeAllConnections" in server) server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
