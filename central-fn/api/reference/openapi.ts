// The API as an OpenAPI 3.1 document, made from the declarations of the routes that are mounted.
import { pathForms } from "../access.ts";
import { maxBodyBytes } from "../body.ts";
import type { Answer, Cost, DescribedRoute } from "../route.ts";
import { ProblemBody } from "../schemas.ts";
import { eventsCookie } from "../tokens.ts";
import { openComponents, type Schema } from "./json-schema.ts";

export interface OpenApi {
  openapi: "3.1.1";
  info: Record<string, string>;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, Schema>>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, Response>;
  /** Which roles may call it; public: anybody. */
  "x-roles": string[];
  /** From which of a caller's budgets it is taken; free: from none. */
  "x-cost": Cost;
}

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema: Schema;
}

type Content = Record<string, { schema?: Schema; "x-events"?: Record<string, Schema> }>;
export interface Response {
  description: string;
  headers?: Record<string, Schema>;
  content?: Content;
}

type Components = ReturnType<typeof openComponents>;

const description = `Charge points, sessions and bills of the network.

An answer other than 2xx is problem details (RFC 9457). A change is stored before it is answered (202) and decided after:
\`Prefer: wait=N\` waits for the decision, \`Idempotency-Key\` makes a repeat the same request. Lists come in pages, the
next by \`Link: …; rel="next"\`. What is made for polling carries an ETag. A request body ends at ${maxBodyBytes} bytes.
Each caller has budgets for reading, ordering and starting a charge; 429 says when the next call is taken.`;

export function openApiOf(routes: readonly DescribedRoute[]): OpenApi {
  const components = openComponents();
  const paths: OpenApi["paths"] = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, components) };
  }
  const problem = components.output(ProblemBody);
  return {
    openapi: "3.1.1",
    info: { title: "Charging network", version: "1.0.0", description },
    tags: [...new Set(routes.map(tagOf))].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas,
      responses: {
        Problem: {
          description: "Why not, in words",
          content: { "application/problem+json": { schema: problem } },
        },
        TooMany: {
          description: "Too many calls: which ones and when to come back, in words",
          headers: tooManyHeaders,
          content: { "application/problem+json": { schema: problem } },
        },
      },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        cookie: { type: "apiKey", in: "cookie", name: eventsCookie, description: "POST /events/cookie" },
      },
    },
  };
}

function operationOf(route: DescribedRoute, components: Components): Operation {
  const { method, path, access, cost, summary, detail, json, answers } = route;
  const parameters = parametersOf(route, components);
  const isOptional = json?.safeParse(undefined).success;
  const body = json && {
    required: !isOptional,
    content: { "application/json": { schema: components.input(json) } },
  };
  const streams = Object.values(answers).some((answer) => answer && "events" in answer);
  const responses: Operation["responses"] = {};
  for (const status of problemsOf(route))
    responses[status] = { $ref: `#/components/responses/${status === 429 ? "TooMany" : "Problem"}` } as never;
  for (const [status, answer] of Object.entries(answers))
    responses[status] = responseOf(route, Number(status), answer, components);
  if (route.polled) responses[304] = { description: "As the If-None-Match says: nothing new" };
  return {
    operationId: operationIdOf(method, path),
    tags: [tagOf(route)],
    summary,
    ...(detail !== undefined && { description: detail }),
    security:
      access === "public" ? [{}, { bearer: [] }] : [{ bearer: [] }, ...(streams ? [{ cookie: [] }] : [])],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: body }),
    responses,
    "x-roles": access === "public" ? ["public"] : [...access],
    "x-cost": cost,
  };
}

const tooManyHeaders = {
  "Retry-After": { description: "Seconds until the next call is taken", schema: { type: "integer" } },
  RateLimit: {
    description: "Of which budget how many calls are left (r), and for how many seconds that holds (t)",
    schema: { type: "string", examples: ['"start";r=0;t=3'] },
  },
  "RateLimit-Policy": {
    description: "How many calls are taken at once (q), and in how many seconds the budget is full again (w)",
    schema: { type: "string", examples: ['"start";q=10;w=10'] },
  },
};

/** What its form brings along, and what it declares. */
function problemsOf(route: DescribedRoute): number[] {
  const { path, access, query, json, idempotent, problems = [] } = route;
  const hasId = path.includes(":");
  return [
    ...(hasId || query || json || idempotent ? [400] : []),
    401,
    ...(access === "public" ? [] : [403]),
    ...(hasId ? [404] : []),
    ...(json ? [413] : []),
    // The key was used for another request.
    ...(idempotent ? [422] : []),
    429,
    503,
    ...problems,
  ];
}

function parametersOf(route: DescribedRoute, components: Components): Parameter[] {
  const { path, query, polled, idempotent, waits, answers } = route;
  const parameters: Parameter[] = [...path.matchAll(/:(\w+)/g)].map(([form, name = ""]) => ({
    name,
    in: "path",
    required: true,
    ...(pathForms[form] && { description: pathForms[form].text }),
    schema: { type: "string", pattern: pathForms[form]?.pattern.source ?? ".+" },
  }));
  if (query) parameters.push(...queryParameters(components.input(query)));
  const header = (name: string, schema: Schema, text: string) =>
    parameters.push({ name, in: "header", description: text, schema: { type: "string", ...schema } });
  if (idempotent)
    header("Idempotency-Key", { pattern: "^[\\x21-\\x7e]{1,128}$" }, "The same key: the same request");
  if (waits)
    header(
      "Prefer",
      { examples: ["wait=5"] },
      "wait=N: answer with the decision, or after N seconds, at most 10",
    );
  if (polled) header("If-None-Match", {}, "An ETag that is known: 304 when it still holds");
  if (Object.values(answers).some((answer) => answer && "events" in answer))
    header("Last-Event-ID", {}, "Of the last event that was heard: what follows it is sent");
  return parameters;
}

function queryParameters({ properties = {}, required = [] }: Schema): Parameter[] {
  return Object.entries(properties as Record<string, Schema>).map(
    ([name, { description: text, ...schema }]) => ({
      name,
      in: "query",
      ...((required as string[]).includes(name) && { required: true }),
      ...(typeof text === "string" && { description: text }),
      schema,
    }),
  );
}

function responseOf(
  { polled, paged }: DescribedRoute,
  status: number,
  answer: Answer,
  components: Components,
): Response {
  const headers: Record<string, Schema> = {};
  const text = { schema: { type: "string" } };
  if (polled && status === 200) headers.ETag = { description: "For If-None-Match", ...text };
  if (paged && status === 200)
    headers.Link = { description: 'The next page, rel="next"; absent on the last', ...text };
  return {
    description: descriptions[status] ?? "Done",
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(answer && { content: contentOf(answer, components) }),
  };
}

const descriptions: Readonly<Record<number, string>> = {
  200: "As asked",
  202: "Stored; decided soon, or as it is now",
  204: "Done, or nothing is there",
  503: "Not now",
};

function contentOf(answer: Exclude<Answer, null>, components: Components): Content {
  if (!("media" in answer)) return { "application/json": { schema: components.output(answer) } };
  const { media, events } = answer;
  if (!events) return { [media]: { schema: { type: "string" } } };
  const told = Object.entries(events).map(([name, schema]) => [name, components.output(schema)]);
  return { [media]: { schema: { type: "string" }, "x-events": Object.fromEntries(told) } };
}

/** GET /cp/:cp_id/faults → get-cp-cp_id-faults. */
function operationIdOf(method: string, path: string): string {
  return [method.toLowerCase(), ...path.split("/").filter((part) => part !== "")]
    .map((part) => part.replace(/^:/, ""))
    .join("-");
}

/** For whom it is, and what it is about. */
export function tagOf({ path }: Pick<DescribedRoute, "path">): string {
  const [first = "", , third] = path.split("/").filter((part) => part !== "");
  return first === "drivers" ? `driver: ${third ?? ""}` : first.replace(/\.\w+$/, "");
}
