import { defineConfig } from "vitest/config";

const wholeRoad = "test/journeys/whole-road.test.ts";
const documents = ["test/journeys/documents.test.ts", "test/journeys/original-documents.test.ts"];
const common = {
  pool: "forks" as const,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Patience for a busy machine; a second of it, as without this, is none.
  expect: { poll: { timeout: 20_000 } },
};
/** A hook that starts a fleet outlives the fleet's own bound, so that what the fleet said is told. */
const startsFleet = { hookTimeout: 300_000 };

export default defineConfig({
  test: {
    // Tests of processes mostly wait: more workers than cores.
    maxWorkers: 4,
    projects: [
      {
        test: {
          ...common,
          name: "units",
          // A process of its own per file would take a third more of `npm test`'s CPU. What a file changes in its process
          // it puts back.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: [
            "test/real/**",
            "test/all-real/**",
            "test/journeys/**",
            "test/browser/**",
            "test/scenarios/**",
          ],
        },
      },
      {
        // The one journey of `npm test`.
        test: {
          ...common,
          name: "journey",
          include: [wholeRoad],
          testTimeout: 300_000,
          ...startsFleet,
        },
      },
      {
        // Real processes on a fleet of their own: one file after the other.
        test: {
          ...common,
          name: "journeys",
          include: ["test/journeys/**/*.test.ts"],
          exclude: [wholeRoad, ...documents],
          fileParallelism: false,
          testTimeout: 300_000,
          ...startsFleet,
        },
      },
      {
        // Every command line of the documents, for real.
        test: {
          ...common,
          name: "documents",
          include: documents,
          fileParallelism: false,
          testTimeout: 600_000,
          ...startsFleet,
        },
      },
      {
        // Every scenario of `ev scenario`, one after the other on a fleet of their own.
        test: {
          ...common,
          name: "scenarios",
          include: ["test/scenarios/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 300_000,
          ...startsFleet,
        },
      },
      {
        // Needs programs that .ci/run installs.
        test: {
          ...common,
          name: "real",
          include: ["test/real/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        // Journeys on Apache Kafka, Mosquitto and DynamoDB Local, those of `npm test` and of credentials among them: two
        // such fleets at once keep two cores too busy.
        test: {
          ...common,
          name: "all-real",
          include: ["test/all-real/**/*.test.ts", wholeRoad, "test/journeys/credentials.test.ts"],
          env: { EV_SERVERS: "real", EV_TEST_PORTS: "5000" },
          fileParallelism: false,
          testTimeout: 400_000,
          // The servers start one after the other, then the fleet does.
          hookTimeout: 400_000,
        },
      },
      {
        // In Debian's Chromium, which .ci/run installs.
        test: {
          ...common,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 240_000,
          ...startsFleet,
        },
      },
    ],
  },
});
