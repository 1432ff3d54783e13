// GET /openapi.json, GET /reference: what the API is, made from its own declarations.
import { Hono } from "hono";
import * as z from "zod";
import type { ApiEnv } from "../access.ts";
import { etagOf } from "../etag.ts";
import { type DescribedRoute, route } from "../route.ts";
import { type OpenApi, openApiOf } from "./openapi.ts";
import { referencePage } from "./reference.page.ts";

interface Made {
  json: string;
  page: string;
  etag: string;
}

/** `routes` of the application that this is mounted in; asked for at the first call. */
export function referenceRoutes(routes: () => DescribedRoute[]) {
  let made: Made | undefined;
  const make = (): Made => {
    if (made) return made;
    const api: OpenApi = openApiOf(routes());
    const json = JSON.stringify(api);
    made = { json, page: referencePage(api), etag: etagOf(json) };
    return made;
  };
  const headers = (etag: string) => ({ etag, "cache-control": "no-cache" });
  return new Hono<ApiEnv>()
    .get(
      "/openapi.json",
      route({
        summary: "Gives this document",
        answers: { 200: z.looseObject({ openapi: z.string() }) },
        polled: true,
      }),
      (c) => {
        const { json, etag } = make();
        if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers(etag));
        return c.body(json, 200, { "content-type": "application/json", ...headers(etag) });
      },
    )
    .get(
      "/reference",
      route({
        summary: "Shows this document as a page",
        answers: { 200: { media: "text/html" } },
        polled: true,
      }),
      (c) => {
        const { page, etag } = make();
        if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers(etag));
        return c.html(page, 200, headers(etag));
      },
    );
}
