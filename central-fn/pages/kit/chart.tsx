// Values over time as a line: one measure per chart, its newest value in words beside it.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import {
  type Frame,
  linePath,
  nearest,
  type Sample,
  thinned,
  timeTicks,
  valueScale,
  xOf,
  yOf,
} from "./chart.rules.ts";
import { clockText } from "./format.ts";

export interface ChartProps {
  /** What is measured, for the heading and for screen readers: "Power". */
  title: string;
  samples: readonly Sample[];
  /** A value with its unit. */
  text(value: number): string;
  /** At the axis, short. */
  tickText(value: number): string;
  /** Shown instead of a line as long as there are fewer than two samples. */
  emptyWord: string;
  /** "power": with its area filled; "energy": a line. */
  tone: "power" | "energy";
  height?: number;
  /** A longer gap interrupts the line. */
  gapMs?: number;
  /** The axis reaches at least so far. */
  least?: number;
}

export function Chart(props: ChartProps) {
  const { title, samples, text, tickText, emptyWord, tone, height = 180, gapMs = 15_000, least = 0 } = props;
  const [box, width] = useWidth();
  const [pointedMs, setPointed] = useState<number | undefined>(undefined);
  const id = useId();
  const newest = samples.at(-1);
  const frame: Frame = { width, height, left: 40, right: 10, top: 10, bottom: 22 };
  const fromMs = samples[0]?.atMs ?? 0;
  const toMs = Math.max(newest?.atMs ?? 1, fromMs + 30_000);
  const scale = valueScale(samples.reduce((most, { value }) => Math.max(most, value), least));
  const x = (atMs: number) => xOf(frame, fromMs, toMs, atMs);
  const y = (value: number) => yOf(frame, scale, value);
  const seen = thinned(samples, Math.max(100, width));
  const line = linePath(seen, x, y, gapMs);
  const pointed = pointedMs === undefined ? undefined : nearest(samples, pointedMs);
  const point = pointed ?? newest;
  const least_ = samples.reduce((low, { value }) => Math.min(low, value), newest?.value ?? 0);
  const most = samples.reduce((high, { value }) => Math.max(high, value), 0);
  const summary = newest
    ? `${title}: ${text(newest.value)} at ${clockText(newest.atMs)}; from ${text(least_)} to ${text(most)} since ${clockText(fromMs)}`
    : `${title}: ${emptyWord}`;
  const pointAt = (event: PointerEvent) => {
    const { left } = (event.currentTarget as Element).getBoundingClientRect();
    const inner = width - frame.left - frame.right;
    setPointed(fromMs + ((event.clientX - left - frame.left) / inner) * (toMs - fromMs));
  };
  return (
    <figure class={`chart chart-${tone}`} ref={box}>
      <figcaption>
        <span>{title}</span>
        <strong>{point ? text(point.value) : ""}</strong>
        <span class="faint">{pointed ? clockText(pointed.atMs) : ""}</span>
      </figcaption>
      {samples.length < 2 ? (
        <p class="chart-empty faint" style={{ height: `${height}px` }}>
          {emptyWord}
        </p>
      ) : (
        <svg
          role="img"
          aria-labelledby={id}
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          onPointerMove={pointAt}
          onPointerLeave={() => setPointed(undefined)}
        >
          <title id={id}>{summary}</title>
          {scale.ticks.map((tick) => (
            <g key={tick} class="chart-tick">
              <line x1={frame.left} x2={width - frame.right} y1={y(tick)} y2={y(tick)} />
              <text x={frame.left - 6} y={y(tick)} dy="0.32em" text-anchor="end">
                {tickText(tick)}
              </text>
            </g>
          ))}
          {timeTicks(fromMs, toMs, Math.max(2, Math.floor(width / 110))).map((atMs) => (
            <text
              key={atMs}
              class="chart-time"
              x={x(atMs)}
              y={height - 4}
              text-anchor={x(atMs) > width - 32 ? "end" : "middle"}
            >
              {clockText(atMs)}
            </text>
          ))}
          {tone === "power" && gapMs > 0 ? <path class="chart-area" d={areaUnder(line, y(0))} /> : null}
          <path class="chart-line" d={line} />
          {point ? <circle class="chart-point" cx={x(point.atMs)} cy={y(point.value)} r="4" /> : null}
        </svg>
      )}
    </figure>
  );
}

/** Each stretch of the line closed down to the axis. */
function areaUnder(line: string, axis: number): string {
  return line
    .split("M")
    .filter(Boolean)
    .map((stretch) => {
      const points = stretch.split("L");
      const first = points[0]?.split(" ")[0] ?? "0";
      const last = points.at(-1)?.split(" ")[0] ?? "0";
      return `M${first} ${axis}L${stretch}L${last} ${axis}Z`;
    })
    .join("");
}

function useWidth() {
  const box = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.max(160, Math.floor(entry.contentRect.width)));
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [box, width] as const;
}
