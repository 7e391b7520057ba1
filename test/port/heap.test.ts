import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

const port = await loadPort();
const MB = 1024 * 1024;

test("what is alive on the heap: with its buffers where heap figures count them", () => {
  const read = (): number => {
    port.collect("major");
    return port.liveHeap!.readBytes()!;
  };
  const before = read();
  const objects = Array.from({ length: 400_000 }, (_, i) => ({ i }));
  const filled = read();
  const buffer = new Uint8Array(32 * MB).fill(1);
  const whole = read();
  assert.ok(filled - before > 5 * MB, `${filled - before} bytes for the objects`);
  const times = Math.round((whole - filled) / buffer.length);
  assert.is(times, port.heapUsedCountsExternal ? 1 : 0, `${whole - filled} bytes for the buffer`);
  assert.is(objects.length + buffer.length, 400_000 + 32 * MB);
});

test("objects by class: those that are alive", async () => {
  const kept = new Set<object>();
  const fill = (): void => {
    for (let i = 0; i < 10_000; i++) kept.add(new Map());
  };
  const counted = () => port.countClasses()?.Map ?? 0;
  if (!port.capabilities.classCounts.available) return assert.is(port.countClasses(), undefined);
  const before = counted();
  fill();
  await turn();
  const alive = counted() - before;
  assert.ok(alive > 9000 && alive < 11_000, `${alive} more for ${kept.size}`);
  kept.clear();
  await turn();
  const left = counted() - before;
  assert.ok(left < 1000, `${left} of those that nobody holds`);
});

test.run();
