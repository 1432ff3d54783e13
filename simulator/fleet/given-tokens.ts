// The tokens that a driver's host was given for a Central elsewhere: EV_TOKEN holds one or several, EV_TOKEN_FILE names
// a file with one per line. Each says itself whose it is.
import { readFileSync } from "node:fs";
import { decode } from "hono/jwt";
import * as z from "zod";
import { errorText } from "../../wire/process/log.ts";
import { Complaint } from "./complaint.ts";

const Payload = z.object({ sub: z.string(), role: z.string(), exp: z.number() });

/** Token by driver. Only the Central that signed them can check them. Throws a Complaint for what is no token. */
export function givenTokens(
  env: Record<string, string | undefined>,
  nowMs: number,
): ReadonlyMap<string, string> {
  const given = [
    ...wordsOf(env.EV_TOKEN ?? "").map((token) => ["EV_TOKEN", token] as const),
    ...(env.EV_TOKEN_FILE
      ? wordsOf(readTokenFile(env.EV_TOKEN_FILE)).map((token) => [env.EV_TOKEN_FILE ?? "", token] as const)
      : []),
  ];
  return new Map(
    given.map(([where, token]) => {
      const payload = payloadOf(token);
      if (!payload)
        throw new Complaint(
          `${where} holds something that is no token: \`ev token driver-frank\` on Central's host prints one`,
        );
      if (payload.exp * 1_000 < nowMs)
        throw new Complaint(
          `the token of ${payload.sub} in ${where} ended on ${new Date(payload.exp * 1_000).toISOString()}: \`ev token ${payload.sub}\` on Central's host prints a new one`,
        );
      return [payload.sub, token];
    }),
  );
}

function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

function readTokenFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Complaint(`EV_TOKEN_FILE cannot be read: ${errorText(error)}`);
  }
}

function payloadOf(token: string): z.infer<typeof Payload> | undefined {
  try {
    return Payload.safeParse(decode(token).payload).data;
  } catch (error) {
    // hono/jwt tells what is no token by an error whose name begins so; bad base64 or JSON in it by others.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
