// The picture of a story: charge points and services as rows, states as colours with a word or a pattern beside,
// numbered marks for what was done. No script; legible on light and dark ground. Pure.
import { clip } from "../cli/text.ts";
import type { Act, Look, Span, StoryRecord } from "./record.ts";
import { shownRows } from "./timeline.rules.ts";

const width = 960;
const left = 150;
const right = 16;
const rowHeight = 24;
const bandHeight = 16;
const marksHeight = 22;
const titleHeight = 50;
const lineHeight = 17;

const words: Record<Look, string> = {
  on: "On",
  charging: "charging",
  broken: "Broken",
  disconnected: "Disconnected",
  unknown: "Central away",
  running: "runs",
  starting: "starts",
  stopped: "stopped",
  killed: "killed",
  paused: "frozen",
  cut: "cut off",
};

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1c1c1c; }
  .title { font-size: 16px; font-weight: 600; }
  .small { font-size: 10px; } .wrong { fill: #c01818; font-weight: 600; }
  .grid { stroke: #8886; stroke-width: 1; }
  .mark { stroke: #b26a00; stroke-width: 1; stroke-dasharray: 3 2; }
  .flag { fill: #b26a00; } .number { fill: #ffffff; font-size: 10px; font-weight: 600; }
  .band { stroke: none; }
  .on { fill: #2e9e4f; } .charging { fill: #2374d4; } .broken { fill: #d43232; }
  .disconnected { fill: #9a9a9a; stroke: #000000; stroke-width: 1.5; }
  .unknown { fill: url(#away); stroke: #888888; stroke-dasharray: 3 2; }
  .running { fill: #a9d6b5; } .starting { fill: #e0c35c; }
  .stopped, .killed { fill: #33363b; } .paused { fill: #7d5ba6; } .cut { fill: #c77700; }
  .in { fill: #ffffff; font-size: 10px; } .in-dark { fill: #10240f; font-size: 10px; }
  @media (prefers-color-scheme: dark) {
    text { fill: #ececec; } .wrong { fill: #ff8080; }
    .ground { fill: #17181b; }
    .disconnected { stroke: #ffffff; }
    .stopped, .killed { fill: #5a5f68; }
    .in { fill: #ffffff; } .in-dark { fill: #10240f; }
  }
  @media (prefers-color-scheme: light) { .ground { fill: #ffffff; } }`;

/** An SVG document. */
export function timelineSvg(story: StoryRecord): string {
  const names = shownRows(story.rows, story.acts);
  const top = titleHeight + marksHeight;
  const below = top + names.length * rowHeight;
  const looks = looksOf(names.map((name) => story.rows.get(name) ?? []));
  const actsTop = below + 52;
  const failed = story.verdicts.filter(({ ok }) => !ok);
  const height = actsTop + (story.acts.length + failed.length) * lineHeight + 16;
  const x = scale(story.tookMs);
  const verdict =
    failed.length > 0
      ? `${failed.length} ${failed.length === 1 ? "expectation" : "expectations"} failed`
      : "every expectation met";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title words">`,
    `<title id="title">${escaped(story.name)}: ${escaped(story.title)}</title>`,
    `<desc id="words">${escaped([...names.map((name) => rowWords(name, story.rows.get(name) ?? [])), ...story.acts.map(actText)].join(". "))}</desc>`,
    `<style>${style}\n</style>`,
    `<defs><pattern id="away" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0" stroke="#888888"/></pattern></defs>`,
    `<rect class="ground" width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text class="title" x="12" y="22">${escaped(story.name)}</text>`,
    `<text x="12" y="40">${escaped(clip(story.title, 110))} (${verdict})</text>`,
    ...ticks(story.tookMs, x, top, below),
    ...names.flatMap((name, i) => row(name, story.rows.get(name) ?? [], top + i * rowHeight, x)),
    ...story.acts.map((act, i) => mark(act, i + 1, x, titleHeight, below)),
    ...failed.map(
      ({ atMs, what }) =>
        `<text class="wrong" x="${x(atMs)}" y="${below + 4}" text-anchor="middle">✗<title>${escaped(what)}</title></text>`,
    ),
    ...legend(looks, below + 34),
    ...story.acts.map(
      (act, i) =>
        `<text x="12" y="${actsTop + (i + 1) * lineHeight}">${i + 1}  ${escaped(clip(actText(act), 130))}</text>`,
    ),
    ...failed.map(
      (verdict, i) =>
        `<text class="wrong" x="12" y="${actsTop + (story.acts.length + i + 1) * lineHeight}">✗  ${escaped(clip(`${seconds(verdict.atMs)} s  ${verdict.what}`, 130))}</text>`,
    ),
    "</svg>",
    "",
  ].join("\n");
}

function scale(tookMs: number): (atMs: number) => number {
  const room = width - left - right;
  return (atMs) => Math.round((left + (room * Math.min(atMs, tookMs)) / Math.max(1, tookMs)) * 10) / 10;
}

function row(name: string, spans: readonly Span[], y: number, x: (atMs: number) => number): string[] {
  const bandY = y + (rowHeight - bandHeight) / 2;
  return [
    `<text x="12" y="${y + 16}">${escaped(clip(name, 20))}</text>`,
    ...spans.flatMap((span) => {
      const from = x(span.fromMs);
      const wide = Math.max(1.5, Math.round((x(span.toMs) - from) * 10) / 10);
      const told = span.driver ? `${words[span.look]}, ${span.driver}` : words[span.look];
      const dark = span.look === "running" || span.look === "starting" || span.look === "unknown";
      const inside =
        told.length * 6 < wide ? told : words[span.look].length * 6 < wide ? words[span.look] : "";
      return [
        `<rect class="band ${span.look}" x="${from}" y="${bandY}" width="${wide}" height="${bandHeight}"><title>${escaped(name)}: ${escaped(told)}, ${seconds(span.fromMs)} to ${seconds(span.toMs)} s</title></rect>`,
        ...(inside === ""
          ? []
          : [
              `<text class="${dark && span.look !== "unknown" ? "in-dark" : span.look === "unknown" ? "small" : "in"}" x="${from + 4}" y="${bandY + 12}">${escaped(inside)}</text>`,
            ]),
      ];
    }),
  ];
}

function mark(act: Act, number: number, x: (atMs: number) => number, top: number, below: number): string {
  const at = x(act.atMs);
  return [
    `<line class="mark" x1="${at}" y1="${top + 8}" x2="${at}" y2="${below}"/>`,
    `<circle class="flag" cx="${at}" cy="${top + 8}" r="8"><title>${escaped(actText(act))}</title></circle>`,
    `<text class="number" x="${at}" y="${top + 12}" text-anchor="middle">${number}</text>`,
  ].join("");
}

function ticks(tookMs: number, x: (atMs: number) => number, top: number, below: number): string[] {
  const totalS = tookMs / 1_000;
  const everyS = [1, 2, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200].find((s) => totalS / s <= 12) ?? 14_400;
  const all: string[] = [];
  for (let s = 0; s <= totalS; s += everyS)
    all.push(
      `<line class="grid" x1="${x(s * 1_000)}" y1="${top}" x2="${x(s * 1_000)}" y2="${below + 4}"/><text class="small" x="${x(s * 1_000)}" y="${below + 15}" text-anchor="middle">${s} s</text>`,
    );
  return all;
}

function looksOf(rows: readonly (readonly Span[])[]): Look[] {
  const seen = new Set(rows.flatMap((spans) => spans.map(({ look }) => look)));
  return (Object.keys(words) as Look[]).filter((look) => seen.has(look));
}

function legend(looks: readonly Look[], y: number): string[] {
  let x = 12;
  return looks.map((look) => {
    const at = x;
    x += 30 + words[look].length * 7;
    return `<rect class="band ${look}" x="${at}" y="${y - 10}" width="14" height="12"/><text x="${at + 19}" y="${y}">${words[look]}</text>`;
  });
}

function rowWords(name: string, spans: readonly Span[]): string {
  return `${name}: ${spans.map(({ look, fromMs }) => `${words[look]} from ${seconds(fromMs)} s`).join(", ")}`;
}

function actText(act: Act): string {
  return `${seconds(act.atMs)} s  ${act.text}`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
