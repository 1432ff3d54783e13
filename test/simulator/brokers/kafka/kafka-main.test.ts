// The broker as a process: when it cannot start it says why in one line, and a broken client harms only itself.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Writer } from "../../../../simulator/brokers/kafka/codec/writer.ts";
import { batchOf, Wire } from "../../../contracts/event-log.wire.ts";
import { type KafkaProcess, kafkaEntry, startKafkaProcess } from "./process.ts";

describe("a broker that cannot start says why in one line and ends with 1", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ev-kafka-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("when its port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const bound = other.address();
    const port = typeof bound === "object" && bound ? bound.port : 0;
    const { code, output } = await run({ KAFKA_PORT: String(port), KAFKA_DATA: folder });
    other.close();
    expect(code).toBe(1);
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(output).toContain(`port ${port} on 127.0.0.1 is taken`);
  });

  test("when another broker uses its folder", async () => {
    const data = join(folder, "shared");
    const first = await startKafkaProcess({ KAFKA_DATA: data });
    const { code, output } = await run({ KAFKA_PORT: "0", KAFKA_DATA: data });
    await first.remove();
    expect(code).toBe(1);
    expect(output.trim().split("\n")).toHaveLength(1);
    expect(output).toContain(`${data} is in use by another broker`);
  });
});

test("a setting that cannot be is refused by its name", async () => {
  const { code, output } = await run({ KAFKA_PORT: "99999", KAFKA_DATA: "nowhere" });
  expect(code).toBe(78);
  expect(output).toContain("KAFKA_PORT=99999");
});

describe("a client that waits for records", () => {
  let broker: KafkaProcess;
  beforeAll(async () => {
    broker = await startKafkaProcess();
    const client = new Wire(broker.bootstrap);
    await client.ask(19, 0, (w) => {
      w.array(["topic"], (name) => {
        const none = () => {};
        w.string(name).int32(1).int16(1).array([], none).array([], none);
      });
      w.int32(1_000);
    });
    client.close();
  });
  afterAll(() => broker.remove());

  test("costs no processor time meanwhile", async () => {
    const client = new Wire(broker.bootstrap);
    const waiting = client.fetch("topic", 0, { maxWaitMs: 1_000 });
    const before = cpuMs(broker.pid);
    await waiting;
    expect(cpuMs(broker.pid) - before).toBeLessThanOrEqual(100);
    client.close();
  });

  test("and goes away is forgotten", async () => {
    const gone = new Wire(broker.bootstrap);
    const waiting = gone.fetch("topic", 0, { maxWaitMs: 60_000 });
    const client = new Wire(broker.bootstrap);
    await client.initProducerId();
    gone.close();
    await expect(waiting).rejects.toThrow("connection closed");
    expect((await client.produce("topic", batchOf(["a"]))).error).toBe(0);
    client.close();
    expect(broker.output).not.toContain("WARN");
  });

  test("does not hold up the end, after which everything is on disk", async () => {
    const client = new Wire(broker.bootstrap);
    await client.produce("topic", batchOf(["b"]));
    const outcome = client.fetch("topic", 2, { maxWaitMs: 60_000 }).then(
      () => "answered",
      () => "connection closed",
    );
    expect(await broker.end()).toBe(0);
    expect(await outcome).toBe("connection closed");
    await broker.restart();
    const again = new Wire(broker.bootstrap);
    expect((await again.fetch("topic", 0)).highWatermark).toBe(2);
    again.close();
    expect(broker.output).not.toContain("WARN");
  });
});

describe("a connection whose bytes are no request is closed, the others are served", () => {
  let broker: KafkaProcess;
  let neighbour: Wire;
  beforeAll(async () => {
    broker = await startKafkaProcess();
    neighbour = new Wire(broker.bootstrap);
  });
  afterAll(async () => {
    neighbour.close();
    await broker.remove();
  });

  const int32 = (value: number) => Buffer.concat([...new Writer().int32(value).finish()]);
  const request = (body: Writer) => Buffer.concat([int32(body.size), ...body.finish()]);
  test.each([
    ["a negative length", int32(-5)],
    ["a length beyond any request", int32(2 ** 31 - 1)],
    ["an empty request", int32(0)],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
    ["an API that does not exist", request(new Writer().int16(9_999).int16(0).int32(1).string("x"))],
    ["a version that is not served", request(new Writer().int16(3).int16(99).int32(1).string("x"))],
    ["a request that ends too early", request(new Writer().int16(0).int16(7).int32(1).string("x").int16(9))],
    ["an array beyond its request", request(new Writer().int16(3).int16(1).int32(1).string("x").int32(1e9))],
  ])("%s", async (_, bytes) => {
    const logged = broker.output.length;
    const wire = new Wire(broker.bootstrap);
    wire.socket.write(bytes);
    await wire.ended;
    const metadata = await neighbour.ask(3, 1, (w) => w.array([], () => {}));
    expect(metadata.array((r) => r.int32())[0]).toBe(1);
    await vi.waitFor(() => expect(broker.output.slice(logged)).toMatch(/connection from .* closed: /), {
      timeout: 20_000,
    });
    expect(broker.output.slice(logged)).not.toContain("broken");
  });
});

/** Runs the broker until it ends by itself. */
function run(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [kafkaEntry], { env: { ...process.env, ...env }, timeout: 10_000 });
    let output = "";
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** Processor time that a process has used, milliseconds (Linux counts in hundredths of a second). */
function cpuMs(pid: number): number {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user, system] = fields.split(" ").slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) * 10;
}
