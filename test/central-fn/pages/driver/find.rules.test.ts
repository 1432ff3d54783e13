// Filters become the API's query, cities get their middle, orders get an honest outcome.
import { describe, expect, test } from "vitest";
import {
  citiesOf,
  cityNamed,
  countFilters,
  noFilters,
  queryOf,
} from "../../../../central-fn/pages/driver/find.rules.ts";
import { notSent, outcomeOf, sentence } from "../../../../central-fn/pages/driver/outcome.rules.ts";

test("only what is set is asked for", () => {
  expect(queryOf(noFilters, null, 25)).toEqual({ limit: 25 });
  const all = {
    onlyAvailable: true,
    onlyFavorites: true,
    city: "Castellón de la Plana",
    connector: "CCS2",
    minPowerKw: 50,
  };
  expect(queryOf(all, { name: null, lat: 39.4737, lon: -0.3789 }, 50)).toEqual({
    only_available: "true",
    only_favorites: "true",
    city: "Castellón de la Plana",
    connector_type: "CCS2",
    min_power_kw: 50,
    lat: "39.47370",
    lon: "-0.37890",
    limit: 50,
  });
  expect(countFilters(all)).toBe(5);
});

const location = (city: string, latitude: number, longitude: number) => ({
  location: { address: "", city, latitude, longitude, distance_km: null },
});

test("a city lies in the middle of its charging points and is found however it is typed", () => {
  const cities = citiesOf([
    location("València", 39.4, -0.4),
    location("Alicante", 38.34, -0.48),
    location("València", 39.6, -0.2),
    location("", 0, 0),
  ]);
  expect(cities.map(({ name, points }) => `${name} ${points}`)).toEqual(["Alicante 1", "València 2"]);
  expect(cityNamed(cities, " valencia ")?.lat).toBeCloseTo(39.5);
  expect(cityNamed(cities, "VAL")?.lon).toBeCloseTo(-0.3);
  expect(cityNamed(cities, "Madrid")).toBeUndefined();
  expect(cityNamed(cities, " ")).toBeUndefined();
});

describe("an order's outcome", () => {
  test("what never left the device is not sent later, and may be sent again", () => {
    expect(notSent).toMatchObject({ ok: false, again: true });
    expect(notSent.text).toMatch(/Nothing is sent later by itself/);
  });

  test("without an answer nobody claims that it failed", () => {
    const outcome = outcomeOf({ is: "unreachable", detail: "Failed to fetch" });
    expect(outcome.text).toMatch(/may have arrived/);
    expect(outcome.again).toBe(true);
  });

  test("a refusal is told in the network's own words, and is not for repeating", () => {
    const refused = outcomeOf({
      is: "refused",
      status: 409,
      detail: "you have another session: end it first",
    });
    expect(refused).toEqual({ ok: false, text: "You have another session: end it first.", again: false });
  });

  test("too many may be asked again, success says nothing", () => {
    const tooMany = { is: "refused", status: 429, detail: "whatever" } as const;
    expect(outcomeOf(tooMany).again).toBe(true);
    expect(outcomeOf({ ...tooMany, retryAfterMs: 2_500 }).text).toMatch(/again in 3 s/);
    expect(outcomeOf({ is: "ok", status: 202, body: {}, etag: undefined, next: undefined })).toEqual({
      ok: true,
      text: null,
      again: false,
    });
  });

  test("a sentence begins large and ends once", () => {
    expect(sentence("it is over")).toBe("It is over.");
    expect(sentence("Why?")).toBe("Why?");
    expect(sentence(" ")).toBe("");
  });
});
