// Timers behind a small port, so that the same loops run on the system's clock and on a simulated one.

export type Cancel = () => void;

export interface Timers {
  /** Runs `work` once after `ms` milliseconds. */
  after(ms: number, work: () => void): Cancel;
  /** Runs `work` every `ms` milliseconds until cancelled. */
  every(ms: number, work: () => void): Cancel;
}

export const systemTimers: Timers = {
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
  every(ms, work) {
    const timer = setInterval(work, ms);
    return () => clearInterval(timer);
  },
};
