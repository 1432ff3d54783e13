// How the command line reads its words and shows figures.
import { describe, expect, test } from "vitest";
import { readArguments } from "../../../simulator/cli/arguments.ts";
import { clip, columns, durationText, harmless } from "../../../simulator/cli/text.ts";

describe("arguments", () => {
  test("options stand before or after the services, with = or a space, long or short", () => {
    const args = readArguments(["logs", "ev-central", "--tail", "20", "-f", "--grep=fault", "ev-mqtt"], {});
    expect(args).toMatchObject({ verb: "logs", words: ["ev-central", "ev-mqtt"] });
    expect([...args.flags]).toEqual(["--follow"]);
    expect(Object.fromEntries(args.values)).toEqual({ "--tail": "20", "--grep": "fault" });
  });
  test("the environment stands in for options, an option wins", () => {
    const env = { EV_STATE: "/srv/ev", EV_PORT_OFFSET: "100", KAFKA_BOOTSTRAP: "k:9092", MQTT_URL: "" };
    expect(readArguments(["up"], env)).toMatchObject({
      stateDir: "/srv/ev",
      portOffset: 100,
      servers: { kafkaBootstrap: "k:9092", mqttUrl: undefined },
    });
    expect(readArguments(["up", "--state", "x", "--port-offset=7"], env)).toMatchObject({
      stateDir: "x",
      portOffset: 7,
    });
  });
  test("no words at all ask for help", () => {
    expect(readArguments([], {}).verb).toBe("help");
    expect(readArguments(["up", "--help"], {}).verb).toBe("help");
  });
  test.each([
    [["up", "--port-offset", "many"], "--port-offset=many: a whole number from 0 to 60000 is wanted"],
    [["up", "--port-offset"], "--port-offset needs a value"],
    [["ps", "--jsn"], "unknown option --jsn: `ev help` lists them"],
    [["ps", "--json=yes"], "--json takes no value"],
    [["up", "--only", "cps,drivrs"], '--only=cps,drivrs: "drivrs" is none of kafka, mqtt'],
  ])("%j is refused: %s", (argv, message) => {
    expect(() => readArguments(argv, {})).toThrow(message);
  });
});

test.each([
  [310, "0.31 s"],
  [12_400, "12.4 s"],
  [185_000, "3 min 05 s"],
  [7_800_000, "2 h 10 min"],
])("%i ms reads %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test("columns are as wide as their widest cell", () => {
  expect(
    columns([
      ["a", "bbb"],
      ["cccc", "d"],
    ]),
  ).toEqual(["a     bbb", "cccc  d"]);
});

test("a text is clipped to its width, and carries no control characters to the terminal", () => {
  expect(clip("charging", 5)).toBe("char…");
  expect(clip("five!", 5)).toBe("five!");
  expect(harmless("CP-1\x1b[2J\x07\u009b31m ok")).toBe("CP-1[2J31m ok");
});
