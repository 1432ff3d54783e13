// Who may call what: every route is declared, everybody else is refused, and what is another's does not exist.
import { sign } from "hono/jwt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { access } from "../../../central-fn/api/access.ts";
import { describedRoutes } from "../../../central-fn/api/route.ts";
import { readPage } from "../../../central-fn/pages/built-pages.ts";
import { openSqliteTable } from "../../../central-fn/tables/sqlite.ts";
import { type MadePages, makePages } from "../../support/built-pages.ts";
import { openCentral, seed, sid, type TestCentral } from "./central.ts";

let central: TestCentral;
let pages: MadePages;
let script = "";
beforeAll(async () => {
  pages = await makePages();
  const page = readPage(pages.dir, "operator");
  script =
    page.paths
      .find((path) => path.endsWith(".js"))
      ?.split("/")
      .at(-1) ?? "";
  central = openCentral({ page });
  await seed(central);
});
afterAll(async () => {
  await central.close();
  pages.remove();
});

const routes = () => [
  ...new Set(
    central.app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path}`),
  ),
];
const pathOf = (route: string) =>
  (route.split(" ")[1] ?? "")
    .replace(":cp_id", "CP-001")
    .replace(":driver_id", "driver-alice")
    .replace(/:(session|request)_id/, sid("CP-001"))
    .replace(":review_id", sid("CP-001"))
    .replace(":cdr_id", sid("CP-001").replace("S-", "CDR-"))
    .replace(":alert_id", `A-${"0".repeat(16)}`)
    .replace(":letter_ref", "bm9uZQ")
    .replace(":operation_id", `O-${"0".repeat(26)}`)
    .replace(":file", script);

describe("the route table", () => {
  it("declares every route of the application, and no other", () => {
    expect(routes().length).toBeGreaterThan(20);
    expect(routes().filter((route) => !(route in access))).toEqual([]);
    expect(Object.keys(access).filter((route) => !routes().includes(route))).toEqual([]);
  });

  it("is joined by a declaration of every route that is no page", () => {
    const declared = describedRoutes(central.app).map(({ method, path }) => `${method} ${path}`);
    const pages = ["GET /", "GET /app/:file"];
    expect(routes().filter((route) => !pages.includes(route) && !declared.includes(route))).toEqual([]);
    for (const { method, path, summary, answers } of describedRoutes(central.app))
      expect([method, path, summary, Object.keys(answers)]).toEqual([
        method,
        path,
        expect.stringMatching(/^[A-Z][^.]{9,}[^.]$/),
        expect.arrayContaining([expect.stringMatching(/^2\d\d$/)]),
      ]);
  });

  it("denies a route that nobody declared, whoever calls", async () => {
    const other = openCentral();
    (other.app as unknown as { get(path: string, handler: () => Response): void }).get(
      "/secret",
      () => new Response("secret"),
    );
    expect((await other.call("operator", "GET", "/secret")).status).toBe(403);
    expect((await other.call(null, "GET", "/secret")).status).toBe(403);
    await other.close();
  });

  it("refuses every route that is not public without a token, and with another role's", async () => {
    for (const [route, allowed] of Object.entries(access)) {
      const [method = ""] = route.split(" ");
      const without = await central.call(null, method, pathOf(route));
      if (allowed === "public") {
        expect([route, without.status]).toEqual([route, 200]);
        continue;
      }
      expect([route, without.status]).toEqual([route, 401]);
      expect(without.headers.get("www-authenticate")).toMatch(/^Bearer/);
      const device = await central.call("driver-alice", method, pathOf(route), { role: "device" });
      expect([route, device.status]).toEqual([route, 403]);
      if (!allowed.includes("driver"))
        expect([route, (await central.call("driver-alice", method, pathOf(route))).status]).toEqual([
          route,
          403,
        ]);
      if (!allowed.includes("operator"))
        expect([route, (await central.call("operator", method, pathOf(route))).status]).toEqual([route, 403]);
    }
    expect(central.appended).toEqual([]);
  });
});

describe("a token", () => {
  it("that is forged, expired, for another audience or malformed is refused, on public routes too", async () => {
    const exp = Math.floor(Date.now() / 1_000) + 60;
    const claims = { iss: "ev-local", aud: "ev-api", sub: "operator", role: "operator", exp };
    const unsigned = [{ alg: "none", typ: "JWT" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const bad = [
      await sign(claims, "another key of at least thirty-two bytes", "HS256"),
      await central.tokens.sign({ sub: "operator", role: "operator", expiresInS: -1 }),
      `${unsigned}.`,
      "nonsense",
    ];
    for (const token of bad)
      for (const path of ["/cp", "/cdrs"]) {
        const answer = await central.app.request(path, { headers: { authorization: `Bearer ${token}` } });
        expect(answer.status).toBe(401);
        expect(answer.headers.get("www-authenticate")).toContain("invalid_token");
      }
    const basic = await central.app.request("/cdrs", { headers: { authorization: "Basic YTpi" } });
    expect(basic.status).toBe(401);
  });
});

describe("paths", () => {
  it("with an id outside its form are 400, naming it", async () => {
    for (const path of [
      "/cp/CP%23",
      "/cp/<img>",
      `/cp/${"x".repeat(33)}`,
      "/cp/CP_001/faults",
      "/cp/%E0%A4%A",
    ]) {
      const answer = await central.call("operator", "GET", path);
      expect([path, answer.status]).toEqual([path, 400]);
      expect(await answer.json()).toMatchObject({ status: 400, detail: expect.stringContaining("cp_id") });
    }
    const session = await central.call("driver-alice", "GET", "/drivers/driver-alice/sessions/S-CP-001-xyz");
    expect(session.status).toBe(400);
    expect((await central.call("driver-alice", "GET", "/drivers/a.b/alerts")).status).toBe(400);
  });

  it("that lead nowhere are 404, with a wrong method 405, both as problem details", async () => {
    const nowhere = await central.call(null, "GET", "/nowhere");
    expect(nowhere.status).toBe(404);
    expect(nowhere.headers.get("content-type")).toBe("application/problem+json");
    expect(await nowhere.json()).toEqual({
      type: "about:blank",
      title: "Not Found",
      status: 404,
      detail: "nothing is at /nowhere",
      instance: "/nowhere",
    });
    const wrong = await central.call(null, "DELETE", "/cp");
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toContain("GET");
    expect(wrong.headers.get("content-type")).toBe("application/problem+json");
    expect((await central.call(null, "HEAD", "/cp")).status).toBe(200);
  });

  it("say of every answer whether it may be kept", async () => {
    const unsaid: string[] = [];
    for (const [route, allowed] of Object.entries(access)) {
      const [method = ""] = route.split(" ");
      if (method !== "GET" || route.endsWith("/events")) continue;
      const who = allowed === "public" ? null : allowed.includes("driver") ? "driver-alice" : "operator";
      for (const as of [who, who && "driver-bob"]) {
        const answer = await central.call(as, method, pathOf(route).replace("driver-alice", as ?? ""));
        if (!answer.headers.get("cache-control")) unsaid.push(`${route} ${answer.status}`);
      }
    }
    expect(unsaid).toEqual([]);
    const nothing = await central.call("driver-bob", "GET", "/drivers/driver-bob/sessions/current");
    expect([nothing.status, nothing.headers.get("cache-control")]).toEqual([204, "no-store"]);
  });

  it("tell nothing of the inside of the process when it fails", async () => {
    const lines: string[] = [];
    const table = openSqliteTable(":memory:");
    const broken = openCentral({
      table: { ...table, get: () => Promise.reject(new TypeError("secret of rows.ts")) } as typeof table,
      log: { debug() {}, info() {}, warn() {}, error: (line) => lines.push(line) },
    });
    const answer = await broken.call("driver-alice", "GET", "/drivers/driver-alice/sessions/current");
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).toContain("this is a fault of the server; it is logged");
    expect(text).not.toMatch(/secret|TypeError|\.ts/);
    expect(lines.join()).toContain("secret of rows.ts");
    await broken.close();
  });

  it("answer with headers that keep a browser to this origin, and allow no other", async () => {
    const answer = await central.app.request("/", { headers: { origin: "https://elsewhere.example" } });
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain("unsafe-inline");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});
