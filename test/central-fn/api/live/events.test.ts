// Event streams: a snapshot and its changes, an inbox gapless over reconnects and processes, caps, and who may read.
import { afterEach, describe, expect, it } from "vitest";
import { type Live, openLive } from "../../../../central-fn/api/live/live.ts";
import { keys } from "../../../../central-fn/tables/rows.ts";
import { openSqliteTable } from "../../../../central-fn/tables/sqlite.ts";
import { type WatchedTable, watchedTable } from "../../../../central-fn/tables/watched.ts";
import { silentLog } from "../../../../wire/process/log.ts";
import {
  claimOf,
  cpRow,
  hear,
  liveRow,
  nowMs,
  openCentral,
  partitions,
  seed,
  sid,
  type TestCentral,
} from "../central.ts";
import { type Reading, readEvents } from "./reading.ts";

const opened: { central: TestCentral; live: Live }[] = [];
afterEach(async () => {
  for (const { central, live } of opened.splice(0)) {
    live.close();
    await central.close();
  }
});

interface Given {
  table?: WatchedTable;
  limits?: Parameters<typeof openLive>[0]["limits"];
  now?: () => number;
  tokens?: TestCentral["tokens"];
}

async function open({
  table = watchedTable(openSqliteTable(":memory:")),
  limits,
  now = () => nowMs,
  tokens,
}: Given = {}) {
  const common = { table, partitions, now, log: silentLog, staleFeedMs: 5_000, tickMs: 5, round: 4 };
  const live = openLive(limits ? { ...common, limits } : common);
  const central = openCentral({ table, live, now, ...(tokens && { tokens }) });
  opened.push({ central, live });
  return { central, live, table };
}

async function listen(
  central: TestCentral,
  who: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Reading> {
  const answer = await central.call(who, "GET", path, { headers });
  expect(answer.status).toBe(200);
  return readEvents(answer);
}

const inboxPath = "/drivers/driver-alice/events";

/** Entries up to `last`, as the handlers write them: entry and driver's row in one commit. */
async function tell(table: WatchedTable, last: number, first = last): Promise<void> {
  for (let sequence = first; sequence <= last; sequence++)
    await table.commit([
      {
        do: "put",
        key: keys.inbox("driver-alice", sequence),
        value: {
          sequence,
          createdAtMs: nowMs,
          type: "SESSION",
          message: `n ${sequence}`,
          sid: null,
          cp: null,
          event: "x",
        },
        expect: 0,
      },
      {
        do: "put",
        key: keys.driver("driver-alice"),
        value: { driver: "driver-alice", activeSid: null, inboxLast: sequence, inboxRead: 0, favorites: [] },
        expect: "any",
      },
    ]);
}

const sequences = (reading: Reading) => reading.of("notification").map(({ data }) => data.sequence);

describe("the fleet's events", () => {
  it("begin with the whole fleet and go on with what changed, so that both together are the list", async () => {
    const { central } = await open();
    await seed(central);
    const reading = await listen(central, "operator", "/events");
    await reading.until((heard) => heard.of("counts").length > 0);
    const [snapshot] = reading.of("snapshot");
    expect(snapshot?.data.charging_points.map(({ cp_id }: { cp_id: string }) => cp_id)).toEqual([
      "CP-001",
      "CP-002",
      "CP-003",
      "CP-004",
    ]);
    await central.put(
      keys.live("CP-003"),
      liveRow(sid("CP-003"), { seq: 21, powerW: 7_000, sessionWh: 2_000 }),
    );
    await central.put(keys.cp("CP-005"), cpRow("CP-005"));
    await central.put(keys.cp("CP-001"), cpRow("CP-001", { retired: true }));
    const points = () => {
      const known = new Map<string, object>();
      for (const { event, data } of reading.all) {
        if (event === "counts") continue;
        for (const point of data.charging_points)
          known.set(point.cp_id, { ...known.get(point.cp_id), ...point });
        for (const id of data.removed ?? []) known.delete(id);
      }
      return [...known.values()];
    };
    await reading.until(() => points().length === 4 && JSON.stringify(points()).includes('"kw":7'));
    const listed = await (await central.call("operator", "GET", "/cp?view=full")).json();
    const byId = (a: { cp_id: string }, b: { cp_id: string }) => (a.cp_id < b.cp_id ? -1 : 1);
    expect((points() as { cp_id: string }[]).sort(byId)).toEqual(listed.charging_points);
    const change = reading.of("change").find(({ data }) => JSON.stringify(data).includes('"kw":7'));
    const third = change?.data.charging_points.find(({ cp_id }: { cp_id: string }) => cp_id === "CP-003");
    expect(Object.keys(third).sort()).toEqual(["cost", "cp_id", "energy_wh", "telemetry"]);
    await reading.stop();
  });

  it("are not opened by HEAD, which nobody would ever close", async () => {
    const { central, live } = await open();
    await seed(central);
    for (let n = 0; n < 12; n++) {
      const answer = await central.call("operator", "HEAD", "/events");
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        200,
        "text/event-stream; charset=utf-8",
      ]);
      expect((await central.call("driver-alice", "HEAD", inboxPath)).status).toBe(200);
    }
    expect(live.streams.size).toBe(0);
  });

  it("tell nothing of a charge point that was merely heard again", async () => {
    const { central } = await open();
    await seed(central);
    const reading = await listen(central, "operator", "/events");
    await reading.until((heard) => heard.of("snapshot").length > 0);
    await hear(central, ["CP-001", "CP-002", "CP-003", "CP-004"], {
      heard: Object.fromEntries(["CP-001", "CP-002", "CP-003", "CP-004"].map((cp) => [cp, nowMs])),
    });
    await central.put(
      keys.cp("CP-002"),
      cpRow("CP-002", { claim: claimOf(sid("CP-002"), "driver-bob", "claimed") }),
    );
    await reading.until((heard) => heard.of("change").at(-1)?.data.active_requests === 2);
    const changed = reading.of("change").flatMap(({ data }) => data.charging_points);
    expect(changed.map(({ cp_id }) => cp_id)).toEqual(["CP-002"]);
    await reading.stop();
  });

  it("go on after Last-Event-ID where this process knows it, else begin with a snapshot again", async () => {
    const { central } = await open();
    await seed(central);
    const first = await listen(central, "operator", "/events");
    await first.until((heard) => heard.of("snapshot").length > 0);
    const { id = "" } = first.of("snapshot")[0] ?? {};
    await first.stop();
    await central.put(
      keys.cp("CP-002"),
      cpRow("CP-002", { claim: claimOf(sid("CP-002"), "driver-bob", "claimed") }),
    );
    const other = await listen(central, "operator", "/events");
    await other.until((heard) => heard.all.some(({ data }) => data.active_requests === 2));
    const again = await listen(central, "operator", "/events", { "last-event-id": id });
    await again.until((heard) => heard.of("change").length > 0);
    expect(again.of("snapshot")).toEqual([]);
    expect(again.of("change").flatMap(({ data }) => data.charging_points)).toMatchObject([
      { cp_id: "CP-002" },
    ]);
    for (const unknown of ["0badf00d-1", `${id}999`, "nonsense", "-"]) {
      const anew = await listen(central, "operator", "/events", { "last-event-id": unknown });
      await anew.until((heard) => heard.of("snapshot").length === 1);
      await anew.stop();
    }
    await Promise.all([other.stop(), again.stop()]);
  });

  it("tell what another process wrote", async () => {
    const table = openSqliteTable(":memory:");
    const { central } = await open({ table: watchedTable(table) });
    await seed(central);
    const reading = await listen(central, "operator", "/events");
    await reading.until((heard) => heard.of("snapshot").length > 0);
    // Past the watched table: nobody notices.
    await table.commit([{ do: "put", key: keys.cp("CP-009"), value: cpRow("CP-009"), expect: 0 }]);
    await reading.until((heard) => JSON.stringify(heard.of("change")).includes("CP-009"));
    await reading.stop();
  });

  it("count what waits for an operator", async () => {
    const { central } = await open();
    await seed(central);
    const letter = {
      id: "t/1",
      where: "bridge",
      topic: "t",
      reason: "r",
      payloadBase64: "",
      event: null,
      atMs: nowMs,
    };
    await central.put(keys.deadLetter("t/1"), { ...letter, resolved: null });
    await central.put(keys.deadLetter("t/2"), {
      ...letter,
      resolved: { by: "o", how: "dismissed", atMs: nowMs },
    });
    const reading = await listen(central, "operator", "/events");
    await reading.until((heard) => heard.of("counts").length > 0);
    expect(reading.of("counts")[0]?.data).toMatchObject({ dead_letters: 1, reviews: 0, alerts: 0 });
    await reading.stop();
  });
});

describe("a driver's events", () => {
  it("bring each entry once, in order, over reconnects and two processes on one table", async () => {
    const file = openSqliteTable(":memory:");
    const one = await open({ table: watchedTable(file) });
    const two = await open({ table: watchedTable(file), tokens: one.central.tokens });
    await tell(one.table, 3, 1);
    const got: number[] = [];
    let lastId = "0";
    for (let visit = 0; visit < 6; visit++) {
      const at = visit % 2 === 0 ? one : two;
      const reading = await listen(at.central, "driver-alice", inboxPath, { "last-event-id": lastId });
      const before = 3 + visit * 40;
      const writing = tell(one.table, before + 40, before + 1);
      // Cut in the middle of it, wherever that is.
      await reading.until((heard) => sequences(heard).length >= 5 + visit * 3);
      lastId = reading.of("notification").at(-1)?.id ?? lastId;
      got.push(...sequences(reading));
      await reading.stop();
      await writing;
    }
    const rest = await listen(two.central, "driver-alice", inboxPath, { "last-event-id": lastId });
    await rest.until((heard) => sequences(heard).at(-1) === 243);
    got.push(...sequences(rest));
    expect(got).toEqual(Array.from({ length: 243 }, (_, i) => i + 1));
    await rest.stop();
  });

  it("begin after the newest entry, or after the one that the query names, and tell how far the inbox goes", async () => {
    const { central, table } = await open();
    await tell(table, 4, 1);
    const fresh = await listen(central, "driver-alice", inboxPath);
    const from = await listen(central, "driver-alice", `${inboxPath}?after=2`);
    const beyond = await listen(central, "driver-alice", `${inboxPath}?after=900`);
    await Promise.all(
      [fresh, from, beyond].map((each) => each.until((heard) => heard.of("inbox").length > 0)),
    );
    expect(beyond.of("inbox")[0]?.data).toMatchObject({ last_sequence: 4, read_up_to: 0 });
    await tell(table, 5);
    await Promise.all(
      [fresh, from, beyond].map((each) => each.until((heard) => sequences(heard).at(-1) === 5)),
    );
    expect([fresh, from, beyond].map(sequences)).toEqual([[5], [3, 4, 5], [5]]);
    await Promise.all([fresh, from, beyond].map((each) => each.stop()));
  });

  it("carry the session that occupies the driver, its figures as they come", async () => {
    const { central } = await open();
    await seed(central);
    const reading = await listen(central, "driver-alice", inboxPath);
    await reading.until((heard) => heard.of("session").length > 0);
    expect(reading.of("session")[0]?.data.session).toMatchObject({ cp_id: "CP-003", energy_kwh: 1.234 });
    await central.put(keys.live("CP-003"), liveRow(sid("CP-003"), { seq: 21, sessionWh: 2_000 }));
    await reading.until((heard) => heard.of("session").at(-1)?.data.session.energy_kwh === 2);
    await tell(opened[0]?.central.table as WatchedTable, 1);
    await reading.until((heard) => heard.of("session").at(-1)?.data.session === null);
    await reading.stop();
  });
});

describe("a stream", () => {
  it("is refused beyond what one user or the server may have, and its place is free again when it ends", async () => {
    const { central } = await open({ limits: { streams: 3, perUser: 2, waitingBytes: 1_000_000 } });
    await seed(central);
    const first = await listen(central, "operator", "/events");
    const second = await listen(central, "operator", "/events");
    const third = await central.call("operator", "GET", "/events");
    expect([third.status, third.headers.get("retry-after")]).toEqual([429, "10"]);
    const other = await listen(central, "driver-alice", inboxPath);
    expect((await central.call("operator-2", "GET", "/events")).status).toBe(503);
    await first.stop();
    await (await listen(central, "operator", "/events")).stop();
    await Promise.all([second.stop(), other.stop()]);
  });

  it("whose client takes nothing is cut off, the others go on", async () => {
    const { central, live } = await open({ limits: { streams: 9, perUser: 9, waitingBytes: 20_000 } });
    await seed(central);
    const frozen = await central.call("operator", "GET", "/events");
    const reading = await listen(central, "operator", "/events");
    let seq = 30;
    while (live.streams.size === 2) {
      seq += 1;
      await central.put(keys.live("CP-003"), liveRow(sid("CP-003"), { seq, powerW: seq }));
      const kw = seq / 1_000;
      await reading.until((heard) => JSON.stringify(heard.all.at(-1)).includes(`"kw":${kw}`));
    }
    expect(seq).toBeLessThan(200);
    expect(live.streams.size).toBe(1);
    await expect(frozen.text()).rejects.toThrow();
    await reading.stop();
  });

  it("ends when the server closes", async () => {
    const { central, live } = await open();
    await seed(central);
    const reading = await listen(central, "operator", "/events");
    live.close();
    await reading.ended;
  });

  it("is not to be had without live updates: 501 says to poll", async () => {
    const central = openCentral();
    const answer = await central.call("operator", "GET", "/events");
    expect(answer.status).toBe(501);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining("poll /cp") });
    expect((await central.call("driver-alice", "GET", inboxPath)).status).toBe(501);
    await central.close();
  });
});

describe("the cookie for event streams", () => {
  const cookieOf = async (central: TestCentral, who: string) => {
    const answer = await central.call(who, "POST", "/events/cookie");
    expect(answer.status).toBe(204);
    return answer.headers.get("set-cookie") ?? "";
  };

  it("opens the caller's stream, and nothing else", async () => {
    const { central } = await open({ now: () => Date.now() });
    await seed(central);
    const set = await cookieOf(central, "driver-alice");
    expect(set).toMatch(/; Path=\/drivers\/driver-alice\/events; HttpOnly; SameSite=Strict$/);
    const cookie = set.split(";")[0] ?? "";
    const opened = await central.app.request(inboxPath, { headers: { cookie } });
    expect(opened.status).toBe(200);
    await opened.body?.cancel();
    for (const path of [
      "/drivers/driver-alice/notifications",
      "/drivers/driver-bob/events",
      "/events",
      "/cdrs",
    ])
      expect([path, (await central.app.request(path, { headers: { cookie } })).status]).toEqual([
        path,
        path.includes("bob") ? 404 : path === "/events" ? 403 : 401,
      ]);
    const bearer = { authorization: `Bearer ${cookie.split("=")[1]}` };
    expect((await central.app.request(inboxPath, { headers: bearer })).status).toBe(401);
    const token = await central.tokens.sign({ sub: "driver-alice", role: "driver", expiresInS: 60 });
    const asCookie = { cookie: `ev-events=${token}` };
    expect((await central.app.request(inboxPath, { headers: asCookie })).status).toBe(401);
  });

  it("does not count in a call from another origin", async () => {
    const { central } = await open({ now: () => Date.now() });
    const set = await cookieOf(central, "operator");
    expect(set).toContain("Path=/events;");
    const headers = { cookie: set.split(";")[0] ?? "", "sec-fetch-site": "same-site" };
    expect((await central.app.request("/events", { headers })).status).toBe(401);
  });
});
