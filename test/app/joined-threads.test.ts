import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { joinWorkers } from "../../runtimes/workers.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";

const WORKERS = 3;
const EVENTS = 2_000_000;
const script = fileURLToPath(new URL("../support/workers/joined.mjs", import.meta.url));
const built = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;

test(`${WORKERS} threads x ${EVENTS} requests from one start: the statistics of all have every one`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "vwt-"));
  const port = await loadPort();
  const joined = await joinWorkers(createMemoryOptimizer({ port }), { directory });
  const workerData = {
    library: built(`runtimes/${port.name}/index.js`),
    workers: built("runtimes/workers.js"),
    directory,
    barrier: new SharedArrayBuffer(4),
    count: WORKERS,
    events: EVENTS,
  };
  const threads = Array.from({ length: WORKERS }, () => new Worker(script, { workerData }));
  try {
    await Promise.all(
      threads.map(
        (thread) =>
          new Promise<void>((resolve, reject) => {
            thread.once("message", () => resolve());
            thread.once("error", reject);
          }),
      ),
    );
    const { workers, requests, objectPools } = await joined.getMemoryStats();
    assert.is(workers.length, WORKERS + 1);
    assert.ok(workers.every(({ pid }) => pid === process.pid));
    const total = WORKERS * EVENTS;
    assert.equal(
      [requests.finished, requests.started, requests.inFlight, requests.unmatchedEnds],
      [total, total + WORKERS, WORKERS, 0],
    );
    const { maps } = objectPools;
    assert.equal([maps!.created + maps!.reused, maps!.inUse], [total, 0]);
    assert.ok(requests.p50Ms! > 0 && requests.p50Ms! <= requests.maxMs!);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
    await joined.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

test.run();
