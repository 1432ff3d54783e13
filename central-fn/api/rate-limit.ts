// How often each caller may call this process: by name and role for those with a token, by address for all others.
//
// 1. What a call costs stands in its route's declaration; a GET reads, anything else orders.
// 2. A refusal is said at once, before a body is read or a table asked, and says when to come back.
// 3. Callers with a name and addresses are kept apart: nobody without a token can have a named one forgotten.
import type { Context, MiddlewareHandler } from "hono";
import * as z from "zod";
import { whole } from "../../wire/process/environment.ts";
import type { Log } from "../../wire/process/log.ts";
import { type ApiEnv, matchedRoute } from "./access.ts";
import { callerAddress } from "./caller-address.ts";
import { Problem } from "./problem.ts";
import { openBuckets, type Rate, type Taken, windowS } from "./rate.rules.ts";
import { costOf } from "./route.ts";

/** `public`: whoever has no token; `failed`: a token that is missing or wrong. Both per address. */
export type Budget = "read" | "order" | "start" | "public" | "failed";
export type Rates = Readonly<Record<Budget, Rate>>;

/** Far above what our pages, phones and tools do: an operator's tabs all call under one name. */
export const defaultRates: Rates = {
  read: { perS: 200, atOnce: 1_000 },
  order: { perS: 30, atOnce: 300 },
  start: { perS: 1, atOnce: 10 },
  public: { perS: 200, atOnce: 1_000 },
  failed: { perS: 5, atOnce: 100 },
};

const rate = z
  .string()
  .regex(/^\d{1,7}(\.\d{1,3})?:\d{1,7}$/, "must be calls per second, a colon, calls at once: 1:10")
  .transform((text): Rate => {
    const [perS, atOnce] = text.split(":").map(Number);
    return { perS: perS ?? 0, atOnce: atOnce ?? 0 };
  })
  .refine(({ perS, atOnce }) => perS > 0 && atOnce > 0, "both must be above 0")
  .optional();

export const rateVariables = {
  RATE_READ: rate,
  RATE_ORDER: rate,
  RATE_START: rate,
  RATE_PUBLIC: rate,
  RATE_FAILED: rate,
  /** How many proxies stand in front and append to X-Forwarded-For; 0: nobody's is believed. */
  PROXY_HOPS: whole.max(10).default(0),
};

export interface RateOptions {
  rates: Rates;
  proxyHops: number;
  /** Of the callers with a name, and of the addresses, so many each. */
  keptAtMost: number;
  /** Monotonic. */
  nowMs(): number;
}

export const defaultRateOptions: RateOptions = {
  rates: defaultRates,
  proxyHops: 0,
  keptAtMost: 20_000,
  nowMs: () => performance.now(),
};

export function rateOptionsOf(env: z.infer<z.ZodObject<typeof rateVariables>>): RateOptions {
  const rates = {
    read: env.RATE_READ ?? defaultRates.read,
    order: env.RATE_ORDER ?? defaultRates.order,
    start: env.RATE_START ?? defaultRates.start,
    public: env.RATE_PUBLIC ?? defaultRates.public,
    failed: env.RATE_FAILED ?? defaultRates.failed,
  };
  return { ...defaultRateOptions, rates, proxyHops: env.PROXY_HOPS };
}

export interface RateLimit {
  /** After the guard: it knows who calls. */
  middleware: MiddlewareHandler<ApiEnv>;
  /** What to answer to one who did not say who he is: 401, until that came too often. */
  failed(c: Context, otherwise: Problem): Problem;
}

const warnEveryMs = 60_000;

export function openRateLimit(options: RateOptions, log: Log): RateLimit {
  const { rates, proxyHops, keptAtMost, nowMs } = options;
  const named = openBuckets(keptAtMost);
  const addresses = openBuckets(keptAtMost);
  const warn = openWarning(log, rates, nowMs);

  const takeFrom = (budget: Budget, c: Context, caller: ApiEnv["Variables"]["caller"]): Taken => {
    const who = caller ? `${caller.role} ${caller.sub}` : callerAddress(c, proxyHops);
    const buckets = caller ? named : addresses;
    const taken = buckets.take(`${budget} ${who}`, rates[budget], nowMs());
    if (taken.is === "empty") warn(budget, who);
    return taken;
  };
  return {
    middleware: async (c, next) => {
      const route = matchedRoute(c);
      const cost = route ? costOf(route) : "read";
      if (cost === "free") return next();
      const caller = c.get("caller");
      const budget = caller ? cost : "public";
      const taken = takeFrom(budget, c, caller);
      if (taken.is === "empty") throw tooMany(budget, rates[budget], taken.waitMs);
      await next();
      // Reading is told only when it is about to end: it is most of what there is.
      if (cost === "read" && taken.left > rates[budget].atOnce / 2) return;
      for (const [name, value] of Object.entries(told(budget, rates[budget], taken.left, 0)))
        c.res.headers.set(name, value);
    },
    failed(c, otherwise) {
      const taken = takeFrom("failed", c, undefined);
      return taken.is === "empty" ? tooMany("failed", rates.failed, taken.waitMs) : otherwise;
    },
  };
}

function tooMany(budget: Budget, rate: Rate, waitMs: number): Problem {
  const waitS = Math.max(1, Math.ceil(waitMs / 1_000));
  const detail = `too many calls${words[budget]}: ${rate.atOnce} at once and ${rate.perS} per second are taken; try again in ${waitS} s`;
  return new Problem(429, detail, {
    "retry-after": String(waitS),
    ...told(budget, rate, 0, waitS),
  });
}

const words: Readonly<Record<Budget, string>> = {
  read: "",
  order: " that change something",
  start: " that ask for a charge",
  public: " without a token from your address",
  failed: " with a missing or wrong token from your address",
};

/** As in the IETF's draft "RateLimit header fields for HTTP". */
function told(budget: Budget, rate: Rate, left: number, waitS: number): Record<string, string> {
  return {
    ratelimit: `"${budget}";r=${left};t=${waitS > 0 ? waitS : windowS(rate)}`,
    "ratelimit-policy": `"${budget}";q=${rate.atOnce};w=${windowS(rate)}`,
  };
}

/** One line per budget and minute, however many are refused. */
function openWarning(log: Log, rates: Rates, nowMs: () => number): (budget: Budget, who: string) => void {
  const saidMs = new Map<Budget, number>();
  const unsaid = new Map<Budget, number>();
  return (budget, who) => {
    const more = unsaid.get(budget) ?? 0;
    const last = saidMs.get(budget);
    if (last !== undefined && nowMs() - last < warnEveryMs) {
      unsaid.set(budget, more + 1);
      return;
    }
    saidMs.set(budget, nowMs());
    unsaid.set(budget, 0);
    const { perS, atOnce } = rates[budget];
    const name = `RATE_${budget.toUpperCase()}=${perS}:${atOnce}`;
    log.warn(`calls refused, ${name}: ${who}${more > 0 ? `, and ${more} more since the last line` : ""}`);
  };
}
