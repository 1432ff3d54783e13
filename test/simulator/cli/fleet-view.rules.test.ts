// The picture of the fleet, and what is told of it where there is no screen.
import { expect, test } from "vitest";
import { type CpReading, happenings, viewLines } from "../../../simulator/cli/fleet-view.rules.ts";
import { openLiveView } from "../../../simulator/cli/live-view.ts";

function cp(id: string, more: Partial<CpReading> = {}): CpReading {
  return {
    cp_id: id,
    state: "ON",
    engine_state: "ACTIVATED",
    current_driver: null,
    telemetry: null,
    ...more,
  };
}
const charging = (id: string, session: string, kwh = 0.5) =>
  cp(id, {
    engine_state: "SUPPLYING",
    current_driver: "driver-bob",
    telemetry: { kw: 49.92, kwh, euros: 0.18, session_id: session },
  });
/** Control characters made visible, so that expectations can name them. */
const plain = (text: string | undefined) => (text ?? "").replaceAll("\x1b", "<esc>").replaceAll("\r", "<cr>");
const services = { running: 39, all: 39, notRunning: [] };
const ten = Array.from({ length: 10 }, (_, i) => cp(`CP-${String(i + 1).padStart(3, "0")}`));

test("each charge point shows its status as icon, word and colour, and its session's figures", () => {
  const cps = [
    charging("CP-001", "S-1"),
    cp("CP-002", { state: "BROKEN" }),
    cp("CP-003", { state: "DISCONNECTED" }),
  ];
  const lines = viewLines({ cps, services }, "title", 100, 30).slice(3);
  expect(plain(lines[0])).toMatch(
    /^<esc>\[32mCP-001\s+● On\s+SUPPLYING\s+49\.9\s+0\.500\s+0\.18\s+driver-bob<esc>\[0m$/,
  );
  expect(plain(lines[1])).toMatch(/^<esc>\[31mCP-002\s+✖ Broken/);
  expect(plain(lines[2])).toMatch(/^<esc>\[90mCP-003\s+○ Disconnected/);
  expect(lines[3]).toMatch(/^1 of 3 charging, 49\.9 kW together/);
});

test.each([
  [100, 40],
  [40, 40],
  [100, 8],
  [10, 3],
  [1, 1],
])("on %i columns and %i rows no line is too long and none too many", (columns, rows) => {
  const lines = viewLines({ cps: ten, services }, "EV charging network, up for 3 min 05 s", columns, rows);
  expect(lines.length).toBeLessThanOrEqual(rows);
  for (const line of lines)
    expect(Array.from(plain(line).replace(/<esc>\[\d+m/g, "")).length).toBeLessThanOrEqual(columns);
});

test("what does not fit is counted", () => {
  const lines = viewLines({ cps: ten, services }, "title", 100, 9);
  expect(lines.at(-2)).toBe("… and 6 more");
});

test("a service that does not run is named, and Central's absence is no empty fleet", () => {
  const down = { running: 38, all: 39, notRunning: ["ev-central"] };
  const text = viewLines({ cps: null, services: down }, "title", 100, 30).join("\n");
  expect(text).toContain("services 38/39  down: ev-central");
  expect(text).toContain("Central does not answer");
});

test("a name with control characters cannot move the cursor", () => {
  const lines = viewLines({ cps: [cp("CP-1", { current_driver: "x\x1b[2Jy" })], services }, "title", 100, 30);
  expect(lines[3]).toContain("x[2Jy");
});

test("happenings: sessions that start and end, and changes of status", () => {
  const before = [cp("CP-001"), charging("CP-002", "S-2", 0.4), charging("CP-003", "S-3"), cp("CP-004")];
  const after = [
    charging("CP-001", "S-1"),
    cp("CP-002"),
    charging("CP-003", "S-9"),
    cp("CP-004", { state: "BROKEN" }),
    cp("CP-005"),
  ];
  expect(happenings(before, after)).toEqual([
    "CP-001 session S-1 started for driver-bob",
    "CP-002 session S-2 ended, last reading 0.400 kWh, € 0.18",
    "CP-003 session S-3 ended, last reading 0.500 kWh, € 0.18",
    "CP-003 session S-9 started for driver-bob",
    "CP-004 is Broken (was On)",
    "CP-005 is known to Central: On",
  ]);
  expect(happenings(after, after)).toEqual([]);
});

test("the live view draws over itself in one write and clears the screen when its size changes", () => {
  const writes: string[] = [];
  let resize = () => {};
  const screen = {
    columns: 80,
    rows: 24,
    write: (text: string) => writes.push(text),
    on: (_: "resize", listener: () => void) => {
      resize = listener;
    },
    off: () => {},
  };
  const view = openLiveView(screen, ["heading"]);
  view.show({ cps: ten, services }, "title");
  view.show({ cps: ten.slice(0, 2), services }, "title");
  expect(writes).toHaveLength(3);
  expect(plain(writes[2])).toMatch(/^<esc>\[14A<cr>/);
  expect(plain(writes[2])).toMatch(/<esc>\[J$/);
  resize();
  view.show({ cps: ten, services }, "title");
  expect(writes.at(-2)).toBe("\x1b[2J\x1b[Hheading\n");
  expect(plain(writes.at(-1))).toMatch(/^<cr>/);
  view.close();
  expect(writes.at(-1)).toBe("\x1b[?25h");
});
