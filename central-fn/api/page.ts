// The operator's page and what it loads: static files that were made before and are held in memory.
import { type Context, Hono } from "hono";
import type { BuiltPage } from "../pages/built-pages.ts";
import type { ApiEnv } from "./access.ts";
import { Problem } from "./problem.ts";

/** Without a page every address of it says that there is none. */
export function pageRoutes(page: BuiltPage | undefined) {
  const send = (c: Context<ApiEnv>) => {
    const answer = page?.answer({
      path: c.req.path,
      ifNoneMatch: c.req.header("if-none-match"),
      acceptEncoding: c.req.header("accept-encoding"),
    });
    if (!answer)
      throw new Problem(404, page ? `nothing is at ${c.req.path}` : "this server was started without pages");
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  };
  return new Hono<ApiEnv>().get("/", send).get("/app/:file", send);
}
