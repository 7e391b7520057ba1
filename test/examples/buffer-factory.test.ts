import { test } from "uvu";
import * as assert from "uvu/assert";
import { disableMemoryOptimizations, getMemoryOptimizer } from "velithon";
import { BufferFactory, createBufferPool, createExportApp } from "../../examples/buffer-factory.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test("a buffer grows with what is written", () => {
  const buffer = new BufferFactory(4).create();
  for (const part of ["añb", "", "😀", "x".repeat(1000)]) buffer.append(part);
  assert.is(text(buffer.toBytes()), `añb😀${"x".repeat(1000)}`);
});

test("a buffer of usual size is kept, one that grew too far is replaced", () => {
  const pool = getMemoryOptimizer().createObjectPool({ name: "small", factory: new BufferFactory(64) });
  const buffer = pool.acquire();
  buffer.append("x".repeat(60));
  pool.release(buffer);
  assert.is(pool.acquire(), buffer);
  assert.is(buffer.length, 0);
  buffer.append("x".repeat(1000));
  pool.release(buffer);
  const replacement = pool.acquire();
  assert.is.not(replacement, buffer);
  assert.is(replacement.bytes.length, 64);
  pool.release(replacement);
  assert.is(pool.getStats().poolSize, 1);
  pool.close();
});

test("an export leases a buffer and gives it back", async () => {
  const pool = createBufferPool();
  const app = createExportApp(pool);
  for (const rows of [2, 5000, 3]) {
    const response = await app.request(`/export/${rows}`);
    assert.is(response.status, 200);
    const lines = (await response.text()).trimEnd().split("\n");
    assert.is(lines.length, rows);
    assert.is(lines[1], "1,name 1,1");
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  const { inUse, created, reused, poolSize } = pool.getStats();
  assert.equal({ inUse, created, reused, poolSize }, { inUse: 0, created: 1, reused: 2, poolSize: 1 });
  const kept = pool.acquire();
  assert.ok(kept.bytes.length <= 2048 * 4, `${kept.bytes.length} bytes are kept`);
});

test.after(disableMemoryOptimizations);
test.run();
