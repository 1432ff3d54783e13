// Connections that have not shown who they are: how many of one address are borne, and how soon one whose newcomers
// are refused again and again is answered. Whoever is connected already is not touched, nor are other addresses.

export const newcomerLimits = {
  /** Connections of one address between TCP and their CONNACK; a fleet worker's thousand may come back at once. */
  pending: 1_000,
  /** So many refusals within a window are answered at once: a person mistyped, a device was revoked. */
  freeRefusals: 20,
  windowMs: 10_000,
  slowAnswerMs: 1_000,
} as const;

export interface Newcomers {
  /** False: this address has too many already. */
  arrives(address: string): boolean;
  /** It was let in, refused, or left; once for each that arrived. */
  leaves(address: string): void;
  /** How long a refusal's answer waits, ms. */
  refused(address: string, nowMs: number): number;
}

export function newcomers(limits: Record<keyof typeof newcomerLimits, number> = newcomerLimits): Newcomers {
  const pending = new Map<string, number>();
  let refusals = new Map<string, number>();
  let windowMs = Number.NEGATIVE_INFINITY;
  return {
    arrives(address) {
      const count = pending.get(address) ?? 0;
      if (count >= limits.pending) return false;
      pending.set(address, count + 1);
      return true;
    },
    leaves(address) {
      const count = pending.get(address) ?? 0;
      if (count > 1) pending.set(address, count - 1);
      else pending.delete(address);
    },
    refused(address, nowMs) {
      if (nowMs - windowMs > limits.windowMs) {
        refusals = new Map();
        windowMs = nowMs;
      }
      const count = (refusals.get(address) ?? 0) + 1;
      refusals.set(address, count);
      return count > limits.freeRefusals ? limits.slowAnswerMs : 0;
    },
  };
}
