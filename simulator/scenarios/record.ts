// What is written down of a story while it is played: what was said, done and expected, and who was in which state
// when. Times are milliseconds since the story began.

/** An instant, on the clock that only runs forward and on the wall. */
export interface Moment {
  monoMs: number;
  wallMs: number;
}

export interface Verdict {
  what: string;
  ok: boolean;
  atMs: number;
  /** From its beginning (a fault mostly) until it was seen; null: never, or nothing to measure. */
  tookMs: number | null;
  /** What was promised; null: no time was. */
  boundMs: number | null;
  /** Figures behind it, or why it failed. */
  note: string;
  /** The measured figure that it is a sample of. */
  figure?: string;
}

export interface Step {
  atMs: number;
  text: string;
}

/** Something done to services, marked in the picture. */
export interface Act extends Step {
  names: string[];
}

export type CpLook = "on" | "charging" | "broken" | "disconnected" | "unknown";
export type ServiceLook = "running" | "starting" | "stopped" | "killed" | "paused" | "cut";
export type Look = CpLook | ServiceLook;

/** Who is in which state; what is left out is as before. */
export type Sample = ReadonlyMap<string, { look: Look; driver: string | null }>;

export interface Span {
  look: Look;
  driver: string | null;
  fromMs: number;
  toMs: number;
}

export interface SessionRecord {
  sid: string;
  cp: string;
  driver: string;
  /** Null as long as there is no bill. */
  bill: { energyWh: number; priceEurPerKwh: number; costEur: number; meteredWh: number } | null;
}

export interface StoryRecord {
  name: string;
  title: string;
  startedAtMs: number;
  /** On which fleet it was played. */
  fleet: string;
  tookMs: number;
  steps: Step[];
  acts: Act[];
  verdicts: Verdict[];
  sessions: SessionRecord[];
  rows: ReadonlyMap<string, readonly Span[]>;
  /** Why the story broke off, when it did. */
  brokeOff: string | null;
}
