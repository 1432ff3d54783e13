// The API's document: valid by its standard, about every route, true to what is enforced; and its page to browse.
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { access } from "../../../central-fn/api/access.ts";
import type { OpenApi, Operation } from "../../../central-fn/api/reference/openapi.ts";
import { openCentral, type TestCentral } from "./central.ts";

let central: TestCentral;
let api: OpenApi;
beforeAll(async () => {
  central = openCentral();
  api = (await (await central.call(null, "GET", "/openapi.json")).json()) as OpenApi;
});
afterAll(() => central.close());

const operations = () =>
  Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
      operation,
    })),
  );
const operation = (route: string): Operation => {
  const found = operations().find((each) => each.route === route);
  if (!found) throw new Error(`no ${route}`);
  return found.operation;
};

describe("the document", () => {
  it("is valid OpenAPI 3.1, every reference in it leads somewhere", async () => {
    const validator = new Validator();
    expect(await validator.validate({ ...structuredClone(api) })).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    const references = [...JSON.stringify(api).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(100);
    const lost = references.filter(([, kind = "", name = ""]) => !(name in (api.components[kind] ?? {})));
    expect(lost.map(([text]) => text)).toEqual([]);
  });

  it("is about every route but the operator page's, each under a name of its own", () => {
    const pages = ["GET /", "GET /app/:file"];
    expect(
      operations()
        .map(({ route }) => route)
        .sort(),
    ).toEqual(
      Object.keys(access)
        .filter((route) => !pages.includes(route))
        .sort(),
    );
    const names = operations().map(({ operation: { operationId } }) => operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it("says who may call what as it is enforced", () => {
    for (const { route, operation: each } of operations()) {
      const who = access[route];
      expect([route, each["x-roles"]]).toEqual([route, who === "public" ? ["public"] : who]);
      const withToken = [{ bearer: [] }];
      const streams = route.endsWith("/events") && route.startsWith("GET");
      expect([route, each.security]).toEqual([
        route,
        who === "public" ? [{}, ...withToken] : streams ? [...withToken, { cookie: [] }] : withToken,
      ]);
    }
  });

  it("has what a caller sends and gets: forms, bounds, pages, idempotency, problems", () => {
    const ask = operation("POST /drivers/:driver_id/requests");
    expect(ask.requestBody?.required).toBe(true);
    expect(ask.requestBody?.content["application/json"]?.schema).toMatchObject({
      type: "object",
      additionalProperties: false,
      required: expect.arrayContaining(["cp_id"]),
    });
    expect(ask.parameters?.map(({ name }) => name)).toEqual(["driver_id", "Idempotency-Key", "Prefer"]);
    expect(Object.keys(ask.responses)).toEqual(
      expect.arrayContaining(["202", "400", "401", "403", "404", "413", "429", "503"]),
    );
    const list = operation("GET /cp/:cp_id/faults");
    expect(list.parameters).toContainEqual({
      name: "limit",
      in: "query",
      schema: { default: 200, type: "integer", minimum: 1, maximum: 1000 },
    });
    expect(list.responses[200]?.headers).toHaveProperty("Link");
    expect(operation("GET /cp").responses).toHaveProperty("304");
    expect(operation("POST /cp/stop").requestBody?.required).toBe(true);
    expect(operation("POST /alerts/:alert_id/end").requestBody?.required).toBe(false);
    const events = operation("GET /events").responses[200]?.content?.["text/event-stream"]?.["x-events"];
    expect(Object.keys(events ?? {})).toEqual(["snapshot", "change", "counts"]);
  });

  it("is not sent again to whoever has it", async () => {
    const etag = (await central.call(null, "GET", "/openapi.json")).headers.get("etag") ?? "";
    const again = await central.call(null, "GET", "/openapi.json", { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
  });
});

describe("the page", () => {
  it("shows every route, needs no script, and loads nothing", async () => {
    const answer = await central.call(null, "GET", "/reference");
    expect(answer.headers.get("content-type")).toMatch(/^text\/html/);
    const html = await answer.text();
    for (const path of Object.keys(api.paths)) expect(html).toContain(`</b>${path}</code>`);
    expect(html).not.toMatch(/<script|<link|<img| on[a-z]+=| style=|src=/);
    const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? "";
    const { createHash } = await import("node:crypto");
    const hash = createHash("sha256").update(style).digest("base64");
    expect(answer.headers.get("content-security-policy")).toContain(`'sha256-${hash}'`);
    const anchors = new Set([...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    const links = [...html.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
    expect(links.filter((link) => !anchors.has(link))).toEqual([]);
  });
});
