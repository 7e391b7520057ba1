import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadPort } from "./support/port.ts";
import { turn } from "./support/reachable.ts";

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
  const counted = whole - filled > 24 * MB;
  assert.is(counted, port.heapUsedCountsExternal, `${whole - filled} bytes for the buffer`);
  assert.is(objects.length + buffer.length, 400_000 + 32 * MB);
});

test("objects by class: those that are alive", async () => {
  const make = (): number => Array.from({ length: 10_000 }, () => new Map()).length;
  const counted = () => port.countClasses()?.Map ?? 0;
  if (!port.capabilities.classCounts.available) return assert.is(port.countClasses(), undefined);
  assert.is(make(), 10_000);
  await turn();
  const dead = counted();
  assert.ok(dead < 2000, `${dead} with those that nobody holds`);
  const held = Array.from({ length: 10_000 }, () => new Map());
  const more = counted() - dead;
  assert.ok(more > 9000 && more < 11_000, `${more} more for ${held.length}`);
});

test.run();
