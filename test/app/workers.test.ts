import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { joinWorkers } from "../../runtimes/workers.ts";
import { addUp, snapshotOf, type WorkerSnapshot } from "../../src/app/worker-metrics.ts";
import { createApp, createMetrics } from "../../src/app.ts";
import { createMemoryOptimizer, type MemoryOptimizer } from "../../src/index.ts";
import { FakePort, loadPort } from "../support/port.ts";

const folder = mkdtempSync(join(tmpdir(), "vw-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function optimizerWith(durations: readonly number[]): MemoryOptimizer {
  const port = new FakePort();
  const optimizer = createMemoryOptimizer({ port });
  for (const ms of durations) {
    const request = optimizer.requests.start();
    port.nowMs += ms;
    optimizer.requests.end(request);
  }
  return optimizer;
}

const valueIn = (text: string, line: string): number | undefined => {
  const found = text.split("\n").find((each) => each.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
};

const snapshot = (changes: Partial<WorkerSnapshot>): WorkerSnapshot => ({
  id: "a",
  pid: 1,
  samples: [],
  latency: [],
  share: snapshotOf(optimizerWith([]), "a", 1).share,
  ...changes,
});

test("counts add up, bounds and states do not, the memory of a process counts once", () => {
  const samples = (factor: number): WorkerSnapshot["samples"] => [
    ["velithon_requests_total", 10 * factor, {}],
    ["velithon_requests_in_flight", factor, { age: "young" }],
    ["velithon_memory_limit_bytes", 512, {}],
    ["process_resident_memory_bytes", 100 * factor, {}],
    ["process_start_time_seconds", 1000 + factor, {}],
    ["velithon_gc_collections_total", factor, { kind: "major", outcome: "performed" }],
    ["velithon_gc_collections_total", factor, { outcome: "performed", kind: "minor" }],
  ];
  const total = addUp([
    snapshot({ pid: 1, samples: samples(1) }),
    snapshot({ pid: 2, samples: samples(2) }),
    snapshot({ pid: 2, samples: samples(2) }),
  ]);
  assert.equal(total.get("velithon_requests_total"), [[50, {}]]);
  assert.equal(total.get("velithon_requests_in_flight"), [[5, { age: "young" }]]);
  assert.equal(total.get("velithon_memory_limit_bytes"), [[512, {}]]);
  assert.equal(total.get("process_resident_memory_bytes"), [[300, {}]]);
  assert.equal(total.get("process_start_time_seconds"), [[1001, {}]]);
  assert.equal(total.get("velithon_gc_collections_total"), [
    [5, { kind: "major", outcome: "performed" }],
    [5, { outcome: "performed", kind: "minor" }],
  ]);
});

test("a histogram of all workers: its series add up, each under its labels", async () => {
  const pause = (ms: number): MemoryOptimizer => {
    const port = new FakePort();
    const optimizer = createMemoryOptimizer({ port }).enable();
    port.report({ kind: "major", forced: false, durationMs: ms, startedAtMs: undefined });
    return optimizer;
  };
  const optimizers = [pause(5), pause(50)];
  const snapshots = optimizers.map((optimizer, i) => snapshotOf(optimizer, `${i}`, i));
  const workers = { snapshots: async () => JSON.parse(JSON.stringify(snapshots)) as WorkerSnapshot[] };
  const text = await (await createMetrics(optimizers[0]!, { workers })).metrics();
  const name = "nodejs_gc_duration_seconds";
  assert.match(text, `# TYPE ${name} histogram`);
  const counts = ["0.001", "0.01", "0.1", "+Inf"].map((le) =>
    valueIn(text, `${name}_bucket{kind="major",le="${le}"}`),
  );
  assert.equal(counts, [0, 1, 2, 2]);
  assert.is(valueIn(text, `${name}_count{kind="major"}`), 2);
  assert.is(valueIn(text, `${name}_sum{kind="major"}`), 0.055);
});

test("quantiles are those of all requests together, whatever goes through JSON on the way", () => {
  const fast = Array.from({ length: 99 }, () => 1);
  const slow = Array.from({ length: 99 }, (_, i) => 100 + i);
  const apart = [optimizerWith(fast), optimizerWith(slow), optimizerWith([])].map((optimizer, i) =>
    snapshotOf(optimizer, `${i}`, i),
  );
  const total = addUp(JSON.parse(JSON.stringify(apart)) as WorkerSnapshot[]);
  const together = addUp([snapshotOf(optimizerWith([...fast, ...slow]), "x", 9)]);
  for (const of of ["p50", "p99", "p999"]) {
    const name = `velithon_request_duration_${of}_seconds`;
    assert.ok(total.get(name)![0]![0]! > 0);
    assert.equal(total.get(name), together.get(name));
    assert.equal(addUp([snapshot({})]).get(name), [[undefined]]);
  }
  assert.equal(total.get("velithon_requests_total"), [[198, {}]]);
});

test("workers find one another in a folder; each /metrics is that of all; who leaves is counted no more", async () => {
  const directory = join(folder, "a");
  const optimizers = [optimizerWith([1, 2]), optimizerWith([3]), optimizerWith([4, 5, 6])];
  const joined = await Promise.all(optimizers.map((optimizer) => joinWorkers(optimizer, { directory })));
  assert.is(statSync(directory).mode & 0o077, 0, "the folder is this user's alone");
  for (const [i, optimizer] of optimizers.entries()) {
    const registry = await createMetrics(optimizer, { workers: joined[i] });
    assert.is(valueIn(await registry.metrics(), "velithon_requests_total"), 6);
  }
  const alone = await createMetrics(optimizers[1]!);
  assert.is(valueIn(await alone.metrics(), "velithon_requests_total"), 1);

  await joined[2]!.close();
  await joined[2]!.close();
  const rest = await createMetrics(optimizers[0]!, { workers: joined[0] });
  assert.is(valueIn(await rest.metrics(), "velithon_requests_total"), 3);
  await Promise.all(joined.map((each) => each.close()));
  assert.equal(readdirSync(directory), []);
});

test("a worker that died leaves a socket, which goes; one that answers nonsense or nothing is left out", async () => {
  const directory = join(folder, "b");
  const workers = await joinWorkers(optimizerWith([1]), { directory });
  const dead = join(directory, "1-dead.sock");
  writeFileSync(dead, "");
  const servers = await Promise.all(
    ["nonsense", "{}", ""].map(
      (answer, i) =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer((socket) => {
            if (answer) socket.end(answer);
          });
          server.listen(join(directory, `2-${i}.sock`), () => resolve(server));
        }),
    ),
  );
  try {
    const snapshots = await workers.snapshots();
    assert.is(snapshots.length, 1);
    assert.is(snapshots[0]!.pid, process.pid);
    assert.not.ok(existsSync(dead));
  } finally {
    await workers.close();
    for (const server of servers) server.close();
  }
});

test("the statistics of all are those of one optimizer that had done it all", async () => {
  const directory = join(folder, "d");
  const optimizers = [optimizerWith([1, 2, 3]), optimizerWith([40]), optimizerWith([])];
  const [first, second, third] = optimizers as [MemoryOptimizer, MemoryOptimizer, MemoryOptimizer];
  for (const [i, optimizer] of [first, second].entries()) {
    const pool = optimizer.createObjectPool({ name: "maps", mode: "pooling", factory: () => new Map() });
    const held = [pool.acquire(), pool.acquire()];
    pool.release(held[0]!);
    if (i === 0) pool.acquire();
    const cache = optimizer.createWeakCache<string, object>({ name: "users" });
    const value = {};
    cache.put("a", value);
    for (const key of ["a", "a", "b"]) cache.get(key);
    const buffers = optimizer.createBufferPool({ name: "bodies" });
    buffers.acquire(1000);
    optimizer.requests.start();
  }
  third.createWeakCache({ name: "alone" });
  first.manualMemoryCleanup();
  const joined = await Promise.all(optimizers.map((optimizer) => joinWorkers(optimizer, { directory })));
  const all = await joined[2]!.getMemoryStats();

  assert.is(all.workers.length, 3);
  assert.ok(all.workers.every(({ pid, level }) => pid === process.pid && level === "normal"));
  assert.equal(all.workers.map(({ finished }) => finished).sort(), [0, 1, 3]);
  const { requests } = all;
  assert.equal(
    [requests.started, requests.finished, requests.inFlight, requests.unmatchedEnds],
    [6, 4, 2, 0],
  );
  const together = optimizerWith([1, 2, 3, 40]).getMemoryStats().requests;
  for (const of of ["meanMs", "p50Ms", "p99Ms", "p999Ms", "maxMs"] as const)
    assert.is(requests[of], together[of], of);
  assert.is(requests.requestsPerSecond10s, undefined, "nobody knows it yet");

  const pools = [first, second].map((optimizer) => optimizer.getMemoryStats().objectPools.maps!);
  const sum = (of: "created" | "reused" | "inUse" | "poolSize") => pools[0]![of] + pools[1]![of];
  const { maps } = all.objectPools;
  for (const of of ["created", "reused", "inUse", "poolSize"] as const) assert.is(maps![of], sum(of), of);
  assert.equal([maps!.created, maps!.reused, maps!.reuseRatio], [4, 1, 1 / 5]);
  assert.equal([all.bufferPools.bodies!.inUse, all.bufferPools.bodies!.created], [2, 2]);
  const { users, alone } = all.weakCaches;
  assert.equal([users!.hits, users!.misses, users!.hitRatio], [4, 2, 4 / 6]);
  assert.equal([alone!.size, alone!.hitRatio], [0, undefined]);
  assert.is(all.gcStats.major.manual, 1);
  const { rssMb, heapUsedMb } = first.getMemoryStats().systemMemory;
  assert.is(all.systemMemory.rssMb, rssMb, "three workers of one process have its memory once");
  assert.is(all.systemMemory.heapUsedMb, heapUsedMb! * 3, "and a heap each");
  assert.equal([all.pressure.level, all.pressure.shed], ["normal", { low: 0, normal: 0, high: 0 }]);

  const app = createApp({ optimizer: first, token: "0123456789abcdef", metrics: { workers: joined[0] } });
  const authorization = "Bearer 0123456789abcdef";
  const told = await app.request("/stats", { headers: { authorization } });
  const { allWorkers } = (await told.json()) as { allWorkers: typeof all };
  assert.is(allWorkers.requests.finished, 4);
  assert.is(allWorkers.workers.length, 3);
  await Promise.all(joined.map((each) => each.close()));
});

test("on the real port: a snapshot carries what this runtime can tell", async () => {
  const optimizer = createMemoryOptimizer({ port: await loadPort() });
  const { samples } = snapshotOf(optimizer, "a", process.pid);
  const names = new Set(samples.map(([name]) => name));
  for (const name of ["process_resident_memory_bytes", "velithon_requests_total"]) assert.ok(names.has(name));
  assert.ok(samples.every(([, value]) => Number.isFinite(value)));
});

test.run();
