// How a charge point was over the last 24 hours, as one bar; the table beside it tells the same in words.
import { clockText, durationText } from "../kit/format.ts";
import type { Fault } from "./api-types.ts";
import { texts } from "./texts.ts";
import { segmentsOf } from "./time-line.rules.ts";

const spanMs = 86_400_000;
const hoursBetweenTicks = 6;

export function TimeLine({
  faults,
  since,
  nowMs,
}: {
  faults: readonly Fault[];
  since: string | null;
  nowMs: number;
}) {
  const fromMs = nowMs - spanMs;
  const segments = segmentsOf(faults, since === null ? undefined : Date.parse(since), fromMs, nowMs);
  const knownMs = segments
    .filter(({ state }) => state !== "unknown")
    .reduce((ms, s) => ms + s.toMs - s.fromMs, 0);
  const onMs = segments.filter(({ state }) => state === "ON").reduce((ms, s) => ms + s.toMs - s.fromMs, 0);
  const x = (ms: number) => ((ms - fromMs) / spanMs) * 100;
  const ticks = [1, 2, 3].map((n) => nowMs - n * hoursBetweenTicks * 3_600_000);
  return (
    <section class="time-line">
      <h3>
        {texts.cp.timeLine.title}
        <strong class="faint">
          {knownMs === 0
            ? ""
            : texts.cp.timeLine.percent(((onMs / knownMs) * 100).toFixed(onMs === knownMs ? 0 : 1))}
        </strong>
      </h3>
      <svg
        role="img"
        aria-label={texts.cp.timeLine.label(durationText(onMs))}
        viewBox="0 0 100 10"
        preserveAspectRatio="none"
        width="100%"
        height="28"
      >
        {segments.map((segment) => (
          <rect
            key={segment.fromMs}
            class={`segment segment-${segment.state.toLowerCase()}`}
            x={x(segment.fromMs)}
            // A fault of seconds is seen all the same.
            width={Math.max(segment.state === "ON" ? 0 : 0.35, x(segment.toMs) - x(segment.fromMs))}
            height="10"
          >
            <title>
              {`${segment.state === "unknown" ? texts.cp.timeLine.notYet : texts.states[segment.state]}${
                segment.cause ? `: ${segment.cause}` : ""
              }, ${clockText(segment.fromMs)} – ${clockText(segment.toMs)}`}
            </title>
          </rect>
        ))}
      </svg>
      <p class="time-ticks faint" aria-hidden="true">
        {[fromMs, ...ticks.toReversed(), nowMs].map((ms) => (
          <span key={ms}>{clockText(ms).slice(0, 5)}</span>
        ))}
      </p>
    </section>
  );
}
