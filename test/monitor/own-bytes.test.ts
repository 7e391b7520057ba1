import { test } from "uvu";
import * as assert from "uvu/assert";
import { SlotTable } from "../../src/core/index.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { monitored } from "../support/monitored.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

const MB = 1024 * 1024;

test("the core's own share is left out where the runtime counts it, and never turns a reading negative", () => {
  const cases: [number, number, boolean, number, number, number][] = [
    [0, 0, true, 15, 14, 40],
    [1, 0, false, 12, 14, 40],
    [0, 1, false, 15, 11, 40],
    [1, 1, false, 12, 11, 40],
    [2, 1, true, 9, 11, 34],
  ];
  for (const [external, arrayBuffers, heapToo, externalMb, arrayBuffersMb, heapUsedMb] of cases) {
    const port = fakePort({ countsWasmMemory: { external, arrayBuffers } });
    port.heapUsedCountsExternal = heapToo;
    port.memory.externalBytes = 15 * MB;
    port.arrayBuffersBytes = 14 * MB;
    const { monitor } = monitored(port);
    const stats = monitor.getStats();
    const read = [stats.externalMb, stats.arrayBuffersMb, stats.heapUsedMb];
    assert.equal(read, [externalMb, arrayBuffersMb, heapUsedMb]);
    const { externalBytes, heapUsedBytes } = monitor.read();
    assert.equal([externalBytes, heapUsedBytes], [externalMb * MB, heapUsedMb * MB]);
    assert.equal([stats.rssMb, stats.heapTotalMb], [100, 60]);
  }
  const port = fakePort({ countsWasmMemory: { external: 1, arrayBuffers: 1 } });
  port.memory.externalBytes = MB;
  assert.is(monitored(port).monitor.getStats().externalMb, 0);
});

test("an optimizer leaves out its cores' real size, for all who go by a reading", () => {
  const port = fakePort({ countsWasmMemory: { external: 1, arrayBuffers: 1 } });
  port.memory.externalBytes = 500 * MB;
  const optimizer = createMemoryOptimizer({ port });
  const share = (): number => {
    port.advance(1000);
    return 500 - optimizer.getMemoryStats().systemMemory.externalMb!;
  };
  const small = share();
  assert.is(small * MB, optimizer.core.memoryBytes);
  optimizer.enable();
  const both = share();
  assert.is(both * MB, optimizer.coreBytes);
  assert.ok(both > small, "with the governor's");
  const pool = optimizer.createObjectPool({ name: "large", factory: () => ({}), maxSize: 500_000 });
  for (let i = 0; i < 20_000; i++) pool.acquire();
  const large = share();
  assert.ok(large > both, "a large pool grows the core");
  assert.is(large * MB, optimizer.coreBytes);
  port.heapSpaces = [{ name: "old_space", usedBytes: MB, totalBytes: MB }];
  port.report({ kind: "major", forced: false, durationMs: 1, startedAtMs: port.nowMs });
  port.advance(10_000);
  assert.is(optimizer.getVerdict().externalFloorBytes, (500 - large) * MB);
  assert.is(optimizer.getHistory("hour").series.externalBytes.at(-1), (500 - large) * MB);
  optimizer.disable();
});

test("this runtime: readings do not rise by what the core grows by", async () => {
  const port = await loadPort();
  const optimizer = createMemoryOptimizer({ port });
  const settled = async () => {
    // What was let go of before is given back a while after a collection.
    for (let i = 0; i < 3; i++) {
      port.collect("major");
      await turn();
    }
    const { externalBytes } = optimizer.monitor.read(port.now(), 0);
    const { arrayBuffersMb } = optimizer.monitor.getStats();
    return { externalBytes, arrayBuffersBytes: arrayBuffersMb && arrayBuffersMb * MB };
  };
  const before = { ...(await settled()), coreBytes: optimizer.coreBytes };
  const table = (): SlotTable => new SlotTable(optimizer.core, { maxIdle: 0, capacity: 1_000_000 });
  const tables = [table(), table(), table(), table()];
  const after = await settled();
  const grown = optimizer.coreBytes - before.coreBytes;
  assert.ok(grown > 32 * MB, `the core grew by ${grown}`);
  for (const field of ["externalBytes", "arrayBuffersBytes"] as const) {
    const rise = (after[field] ?? 0) - (before[field] ?? 0);
    assert.ok(Math.abs(rise) < grown / 4, `${field} rose by ${rise}, the core by ${grown}`);
  }
  for (const one of tables) one.destroy();
});

test.run();
