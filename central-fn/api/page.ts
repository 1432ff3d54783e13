// The operator's page and what it loads; everything is in the program, nothing is read from disk.
import { Hono } from "hono";
import { operatorScript } from "../pages/operator.script.ts";
import { operatorStyle } from "../pages/operator.style.ts";
import { icon, operatorPage } from "../pages/operator.ts";
import type { ApiEnv } from "./access.ts";
import { etagOf } from "./etag.ts";
import { Problem } from "./problem.ts";

interface Asset {
  type: string;
  text: string;
  etag: string;
}

const asset = (type: string, text: string): Asset => ({ type, text, etag: etagOf(text) });

const page = asset("text/html; charset=utf-8", operatorPage);
const files = new Map<string, Asset>([
  ["operator.js", asset("text/javascript; charset=utf-8", operatorScript)],
  ["icon.svg", asset("image/svg+xml", icon)],
  ["operator.css", asset("text/css; charset=utf-8", operatorStyle)],
]);

export function pageRoutes() {
  return new Hono<ApiEnv>()
    .get("/", (c) => answer(page, c.req.header("if-none-match")))
    .get("/app/:file", (c) => {
      const file = files.get(c.req.param("file"));
      if (!file) throw new Problem(404, `nothing is at ${c.req.path}`);
      return answer(file, c.req.header("if-none-match"));
    });
}

function answer({ type, text, etag }: Asset, known: string | undefined): Response {
  const headers = { "content-type": type, etag, "cache-control": "no-cache" };
  return known === etag ? new Response(null, { status: 304, headers }) : new Response(text, { headers });
}
