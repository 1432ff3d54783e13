// Holds every answer in the tests beside it to what its route declares: status, medium, and each field.
import { expect } from "vitest";
import * as z from "zod";
import type { App } from "../../../central-fn/api/app.ts";
import { type DescribedRoute, describedRoutes } from "../../../central-fn/api/route.ts";
import { ProblemBody } from "../../../central-fn/api/schemas.ts";

const described = new WeakMap<App, DescribedRoute[]>();

/** Passes when no route is declared at this path, and when the answer is as declared; throws otherwise. */
export async function asDeclared(app: App, method: string, path: string, answer: Response): Promise<void> {
  const routes = described.get(app) ?? describedRoutes(app);
  described.set(app, routes);
  const asked = path.split("?")[0] ?? "";
  const found = routes.find((route) => route.method === method && fits(route.path, asked));
  if (!found) return;
  const name = `${method} ${found.path} ${answer.status}`;
  const declared = found.answers[answer.status];
  if (answer.status >= 400 && declared === undefined) {
    const problem = ProblemBody.safeParse(await answer.clone().json());
    expect([name, problem.error]).toEqual([name, undefined]);
    return;
  }
  if (answer.status === 304) return expect([name, found.polled]).toEqual([name, true]);
  if (declared === undefined) throw new Error(`${name} is not declared`);
  if (declared === null) return expect([name, await answer.clone().text()]).toEqual([name, ""]);
  if (!(declared instanceof z.ZodType))
    return expect([name, answer.headers.get("content-type")]).toEqual([
      name,
      expect.stringContaining(declared.media),
    ]);
  const body: unknown = await answer.clone().json();
  const parsed = declared.safeParse(body);
  expect([name, parsed.error]).toEqual([name, undefined]);
  // Nothing is told beside what is declared: parsing drops unknown fields.
  expect([name, parsed.data]).toEqual([name, body]);
}

/** Literal paths before those with names: routes are looked through in their order. */
function fits(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.split("/");
  return (
    wanted.length === given.length &&
    wanted.every((part, i) => (part.startsWith(":") ? (given[i] ?? "") !== "" : part === given[i]))
  );
}
