// A command is followed until its outcome is told; a line that breaks does not end that, and giving up is said.
import { describe, expect, test } from "vitest";
import type { Answer } from "../../../../central-fn/client/client.ts";
import { nextLook } from "../../../../central-fn/pages/operator/orders.rules.ts";

const ok: Answer<unknown> = { is: "ok", status: 200, body: {}, etag: undefined, next: undefined };
const refused = (status: number, retryAfterMs?: number): Answer<unknown> => ({
  is: "refused",
  status,
  detail: "in the server's words",
  retryAfterMs,
});
const unreachable: Answer<unknown> = { is: "unreachable", detail: "Failed to fetch" };
const minute = 60_000;

describe("what became of a command is looked for", () => {
  test.each<[string, Answer<unknown>, number, number, number]>([
    ["often at first", ok, 1, 0, 400],
    ["less often later, for ever: the device may be away", ok, 5_000, 0, 5_000],
    ["again after too many questions, when the server says", refused(429, 12_000), 1, 0, 12_000],
    ["again after too many questions, soon when it does not say", refused(429), 1, 0, 5_000],
    ["again within a minute, whatever it says", refused(429, 3_600_000), 1, 0, minute],
    ["again after a failure of the server", refused(500), 9, 5 * minute, 5_000],
    ["again without a connection", unreachable, 9, 5 * minute, 5_000],
  ])("%s", (_, answer, looked, silentMs, inMs) => {
    expect(nextLook(answer, looked, silentMs)).toEqual({ is: "again", inMs });
  });

  test.each<[string, Answer<unknown>, number, string | undefined]>([
    ["the server knows no such request", refused(404), 0, "in the server's words"],
    ["the token has ended", refused(401), 0, "in the server's words"],
    ["there was no connection for long", unreachable, 11 * minute, undefined],
    ["there were too many questions for long", refused(429), 11 * minute, "in the server's words"],
  ])("no more when %s", (_, answer, silentMs, why) => {
    expect(nextLook(answer, 9, silentMs)).toEqual({ is: "given-up", why });
  });
});
