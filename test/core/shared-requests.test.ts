import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SharedRequests } from "../../src/core/index.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { FakePort, loadPort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const WORKERS = 3;
const EVENTS = 2_000_000;
const script = new URL("../support/workers/requests.mjs", import.meta.url);
// A worker of Node takes no TypeScript: it gets what was built.
const built = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;

interface Done {
  index: number;
  inFlight: number;
  finished: number;
}

type Kind = "worker_threads" | "web workers";
/** Those of the web: Bun and Deno have them as well. */
const WebWorker = (globalThis as { Worker?: new (url: string, options: object) => WebWorkerLike }).Worker;
interface WebWorkerLike {
  onmessage: ((event: { data: Done }) => void) | null;
  onerror: ((event: { message: string }) => void) | null;
  postMessage(data: unknown): void;
  terminate(): void;
}
const kinds: readonly Kind[] = WebWorker ? ["worker_threads", "web workers"] : ["worker_threads"];

function startOne(kind: Kind, workerData: object): { done: Promise<Done>; end: () => unknown } {
  if (kind === "worker_threads" || !WebWorker) {
    const worker = new Worker(fileURLToPath(script), { workerData });
    const done = new Promise<Done>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    return { done, end: () => worker.terminate() };
  }
  const worker = new WebWorker(script.href, { type: "module" });
  const done = new Promise<Done>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage(workerData);
  return { done, end: () => worker.terminate() };
}

async function serve(
  kind: Kind,
  requests: SharedRequests,
  workers: number,
  events: number,
  ends: boolean,
): Promise<Done[]> {
  const { name } = await loadPort();
  const workerData = {
    core: built("src/core/index.mjs"),
    library: built(`runtimes/${name}/index.js`),
    handle: requests.handle,
    barrier: new SharedArrayBuffer(4),
    workers,
    events,
    ends,
  };
  const all = Array.from({ length: workers }, () => startOne(kind, workerData));
  try {
    return await Promise.all(all.map(({ done }) => done));
  } finally {
    await Promise.all(all.map(({ end }) => end()));
  }
}

for (const kind of kinds)
  test(`${kind}: ${WORKERS} optimizers x ${EVENTS} requests from one start: one set of figures, exact, at any time`, async () => {
    const requests = new SharedRequests({ shards: WORKERS });
    let last = requests.read();
    let looks = 0;
    const timer = setInterval(() => {
      const now = requests.read();
      assert.ok(now.started >= last.started && now.finished >= last.finished, "counts never fall");
      assert.ok(now.inFlight >= 0 && now.inFlight <= WORKERS, `${now.inFlight} in flight`);
      if (now.finished > 0 && now.finished < WORKERS * EVENTS) looks += 1;
      last = now;
    }, 20);
    const done = await serve(kind, requests, WORKERS, EVENTS, false);
    clearInterval(timer);
    assert.ok(looks > 0, "seen while its workers are too busy to answer");
    for (const { inFlight, finished } of done) assert.equal([inFlight, finished], [1, EVENTS]);
    const { started, finished, inFlight, p50Ms, maxMs } = requests.read();
    assert.is(started, WORKERS * EVENTS + WORKERS);
    assert.is(finished, WORKERS * EVENTS);
    assert.is(inFlight, WORKERS, "each has one that is open");
    assert.ok(p50Ms! > 0 && p50Ms! <= maxMs!);
    // Nobody closed them: their workers are gone.
    for (const { index } of done) assert.is(requests.release(index), true);
    assert.is(requests.release(done[0]!.index), false);
    assert.equal([requests.read().inFlight, requests.read().finished], [0, WORKERS * EVENTS]);
  });

test("workers that come and go: totals stay, open requests go with them", async () => {
  const requests = new SharedRequests({ shards: 2 });
  for (let round = 1; round <= 2; round++) {
    await serve("worker_threads", requests, 2, 100, true);
    const { started, finished, inFlight } = requests.read();
    assert.equal([started, finished, inFlight], [round * 202, round * 200, 0]);
  }
});

test("what is open at the join counts; durations are those of the optimizer, streams left out", () => {
  const requests = new SharedRequests({ longLivedAfterMs: 1000 });
  assert.equal(requests.read(), {
    started: 0,
    finished: 0,
    inFlight: 0,
    meanMs: undefined,
    p50Ms: undefined,
    p99Ms: undefined,
    p999Ms: undefined,
    maxMs: undefined,
  });
  const port = new FakePort();
  const optimizer = createMemoryOptimizer({ port, longLivedAfterMs: 1000 });
  const early = optimizer.requests.start();
  const member = requests.join(optimizer.core);
  for (const ms of [5, 10, 20, 5000]) {
    const request = optimizer.requests.start();
    port.nowMs += ms;
    optimizer.requests.end(request);
  }
  assert.is(requests.read().inFlight, 1);
  optimizer.requests.end(early);
  const { requests: own } = optimizer.getMemoryStats();
  const read = requests.read();
  assert.equal([read.started, read.finished, read.inFlight], [own.started, own.finished, 0]);
  assert.equal([read.p50Ms, read.p99Ms, read.maxMs], [own.p50Ms, own.p99Ms, own.maxMs]);
  assert.is(read.maxMs, 20);
  throwsCode(() => requests.join(optimizer.core), "INVALID_OPTION", "takes part already");
  member.close();
  member.close();
  optimizer.requests.start();
  assert.is(requests.read().started, 5, "no more after close");
  requests.join(optimizer.core).close();
  assert.is(requests.read().inFlight, 0);
});

test("what is refused", () => {
  for (const longLivedAfterMs of [0, 99, 3_600_001, Number.NaN, "5"])
    throwsCode(() => new SharedRequests({ longLivedAfterMs } as never), "INVALID_OPTION", "longLivedAfterMs");
  throwsCode(() => new SharedRequests({ shards: 0 }), "INVALID_OPTION", "shards");
  throwsCode(() => new SharedRequests({ memory: 5 } as never), "INVALID_OPTION");
  const requests = new SharedRequests({ shards: 1 });
  throwsCode(() => requests.release(1), "INVALID_OPTION", "index");
  const one = createMemoryOptimizer({ port: new FakePort() });
  const two = createMemoryOptimizer({ port: new FakePort() });
  requests.join(one.core);
  throwsCode(() => requests.join(two.core), "POOL_EXHAUSTED");
});

test.run();
