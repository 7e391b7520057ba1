import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import v8 from "node:v8";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Capability, HeapSpace, ObservedCollection } from "../../src/shared/port.ts";
import { loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

const port = await loadPort();
const { capabilities } = port;
const MB = 1024 * 1024;

function litter(mb: number): number {
  let sum = 0;
  for (let i = 0; i < mb * 1024; i++) sum += new Array(128).fill(i).length;
  return sum;
}

/** VmRSS and VmSize in bytes, from a file that the port does not read. */
function procStatus(): { rssBytes: number; virtualBytes: number } | undefined {
  try {
    const text = readFileSync("/proc/self/status", "utf8");
    const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)![1]);
    return { rssBytes: kib("VmRSS") * 1024, virtualBytes: kib("VmSize") * 1024 };
  } catch {
    return undefined;
  }
}

function near(actual: number | undefined, expected: number, ratio: number, what: string): void {
  const off = Math.abs((actual ?? Number.NaN) - expected) / expected;
  assert.ok(off <= ratio, `${what} is ${actual}; expected ${expected} within ${ratio * 100} %`);
}

test("it names the runtime that runs this", () => {
  const { versions } = process as { versions: Record<string, string | undefined> };
  const expected = versions.deno ? "deno" : versions.bun ? "bun" : "node";
  assert.is(port.name, expected);
  assert.is(port.version, versions[expected]);
});

test("each capability is true, or false with a sentence that says why", () => {
  assert.ok(Object.keys(capabilities).length >= 13);
  for (const [name, { available, reason }] of Object.entries(capabilities) as [string, Capability][]) {
    if (available) assert.is(reason, undefined, name);
    else assert.ok(reason !== undefined && reason.length > 20, `${name}: ${reason}`);
  }
});

test("with the start flags of this test every runtime collects young and old", () => {
  assert.is(capabilities.minorCollection.available, true);
  assert.is(capabilities.majorCollection.available, true);
});

test("a major collection collects: what nobody holds is gone", async () => {
  const make = (): WeakRef<object>[] => Array.from({ length: 1000 }, (_, i) => new WeakRef({ i }));
  const refs = make();
  await turn();
  port.collect("major");
  const alive = refs.filter((ref) => ref.deref()).length;
  assert.ok(alive <= 100, `${alive} of 1000 are alive`);
});

test("a minor collection collects the young, and is shorter than a major", async () => {
  const keep: unknown[] = [];
  for (let i = 0; i < 200_000; i++) keep.push({ i });
  port.collect("major");
  port.collect("major");
  const time = (kind: "minor" | "major"): number => {
    const start = port.now();
    port.collect(kind);
    return port.now() - start;
  };
  // V8 clears weak references in major collections only, up to version 14.5: there the heap tells.
  const make = (): WeakRef<object>[] => Array.from({ length: 1000 }, (_, i) => new WeakRef({ i }));
  const refs = capabilities.heapUsed.available ? [] : make();
  await turn();
  const before = port.readHeapUsedBytes() ?? 0;
  litter(4);
  port.collect("minor");
  const left = (port.readHeapUsedBytes() ?? 0) - before;
  assert.ok(left < MB, `${left} bytes of 4 MB are left`);
  const alive = refs.filter((ref) => ref.deref()).length;
  assert.ok(alive <= 100, `${alive} of ${refs.length} young ones are alive`);
  const minors = [time("minor"), time("minor"), time("minor")].sort((a, b) => a - b);
  const majors = [time("major"), time("major"), time("major")].sort((a, b) => a - b);
  assert.ok(minors[1]! < majors[1]!, `minor ${minors.join(", ")} ms, major ${majors.join(", ")} ms`);
  assert.is(keep.length, 200_000);
});

test("RSS and virtual size agree with the kernel within 20 %", () => {
  const kernel = procStatus();
  const { rssBytes, virtualBytes } = port.readMemory();
  assert.is(capabilities.rss.available, true);
  assert.ok(rssBytes! > 5 * MB);
  assert.is(virtualBytes !== undefined, capabilities.virtualSize.available);
  if (!kernel) return;
  near(rssBytes, kernel.rssBytes, 0.2, "RSS");
  if (virtualBytes !== undefined) near(virtualBytes, kernel.virtualBytes, 0.2, "virtual size");
});

test("heap, external and array buffers follow what the program holds, or are undefined", async () => {
  /** Bun's figures move with a collection, and V8 frees buffers a little behind one. */
  const settle = async (): Promise<void> => {
    await turn();
    port.collect("major");
    await wait(30);
  };
  const whole = () => ({ ...port.readMemory(), arrayBuffersBytes: port.readArrayBuffersBytes() });
  await settle();
  const before = whole();
  const held = new Array(1_000_000).fill(0).map((_, i) => ({ i }));
  const buffer = new ArrayBuffer(30 * MB);
  await settle();
  const after = whole();
  const grown = (field: keyof typeof after): number => (after[field]! - before[field]!) / MB;
  assert.ok(grown("heapUsedBytes") > 10, `the heap in use by ${grown("heapUsedBytes")} MB`);
  assert.ok(grown("heapTotalBytes") > 10, `the heap by ${grown("heapTotalBytes")} MB`);
  assert.ok(grown("externalBytes") > 25, `external by ${grown("externalBytes")} MB`);
  assert.is(after.arrayBuffersBytes !== undefined, port.name === "node", "told, or not known");
  if (after.arrayBuffersBytes !== undefined) {
    assert.ok(grown("arrayBuffersBytes") > 25, `array buffers by ${grown("arrayBuffersBytes")} MB`);
  }
  assert.is(held.length + buffer.byteLength, 1_000_000 + 30 * MB);
  near(port.readMemory().heapTotalBytes, process.memoryUsage().heapTotal, 0.05, "the heap");
});

test("heap in use right now: falls by what a collection frees, or cannot be told", async () => {
  if (!capabilities.heapUsed.available) return assert.is(port.readHeapUsedBytes(), undefined);
  port.collect("major");
  const base = port.readHeapUsedBytes()!;
  const fill = (): unknown[] => Array.from({ length: 20_000 }, (_, i) => new Array(128).fill(i));
  let held: unknown[] | undefined = fill();
  assert.is(held.length, 20_000);
  const full = port.readHeapUsedBytes()!;
  assert.ok(full - base > 15 * MB, `holding 20 MB: ${(full - base) / MB} MB more`);
  held = undefined;
  await turn();
  port.collect("major");
  const left = port.readHeapUsedBytes()! - base;
  assert.ok(left < 5 * MB, `${left / MB} MB are left`);
});

test("objects are counted, or the count is undefined", () => {
  if (!capabilities.objectCount.available) return assert.is(port.countObjects(), undefined);
  port.collect("major");
  const before = port.countObjects()!;
  const held = Array.from({ length: 100_000 }, (_, i) => ({ i }));
  port.collect("major");
  const more = port.countObjects()! - before;
  assert.ok(more > 90_000 && more < 150_000, `${more} more for 100,000`);
  assert.is(held.length, 100_000);
});

/** The first space of which V8 tells another figure, by 1 MB or more. */
function freeDiffers(spaces: readonly HeapSpace[]): string | undefined {
  for (const { space_name, space_available_size } of v8.getHeapSpaceStatistics()) {
    const { availableBytes } = spaces.find(({ name }) => name === space_name)!;
    if (Math.abs(availableBytes! - space_available_size) >= MB)
      return `${space_name}: ${availableBytes} free`;
  }
  return undefined;
}

test("the heap's bound and spaces: the engine's own, or undefined", () => {
  const limit = port.readHeapLimitBytes();
  assert.is(limit !== undefined, capabilities.heapLimit.available);
  if (limit !== undefined) assert.ok(limit > 50 * MB && limit < 2 ** 46, `${limit} bytes`);
  const spaces = port.readHeapSpaces();
  assert.is(spaces !== undefined, capabilities.heapSpaces.available);
  if (!spaces) return;
  const young = spaces.filter((space) => space.young).map(({ name }) => name);
  assert.equal(young.sort(), ["new_large_object_space", "new_space"]);
  // Where a collection ends between the two readings they differ: one pair of many is enough.
  const tries = Array.from({ length: 20 }, () => freeDiffers(port.readHeapSpaces()!));
  assert.ok(tries.includes(undefined), tries.join("; "));
  const used = spaces.reduce((sum, space) => sum + space.usedBytes, 0);
  near(port.readHeapUsedBytes(), used, 0.1, "heap in use");
});

test("how many times readings count a WASM memory is told as it is", () => {
  const settled = () => {
    port.collect("major");
    return { ...port.readMemory(), arrayBuffersBytes: port.readArrayBuffersBytes() };
  };
  const before = settled();
  const memory = new WebAssembly.Memory({ initial: 512 });
  const view = new Float64Array(memory.buffer);
  const after = settled();
  const times = (field: "externalBytes" | "arrayBuffersBytes" | "heapUsedBytes"): number =>
    Math.round(((after[field] ?? 0) - (before[field] ?? 0)) / memory.buffer.byteLength);
  const { external, arrayBuffers } = port.countsWasmMemory;
  assert.is(times("externalBytes"), external, "external");
  assert.is(times("arrayBuffersBytes"), arrayBuffers, "array buffers");
  assert.is(times("heapUsedBytes"), port.heapUsedCountsExternal ? external : 0, "heap in use");
  assert.is(view.length * 8, memory.buffer.byteLength);
});

test("RSS follows what the program holds", () => {
  const before = port.readMemory().rssBytes!;
  const held = new Uint8Array(100 * MB).fill(1);
  const grown = port.readMemory().rssBytes! - before;
  assert.ok(grown > 60 * MB && grown < 140 * MB, `100 MB more made RSS grow by ${grown / MB} MB`);
  assert.is(held[held.length - 1], 1);
});

test("collections of the engine are reported until closed, or there is no observer", async () => {
  const seen: ObservedCollection[] = [];
  const observer = port.observeCollections((collection) => seen.push(collection));
  assert.is(observer !== undefined, capabilities.observeCollections.available);
  if (!observer) return;
  const until = async (done: () => boolean): Promise<void> => {
    for (let i = 0; i < 200 && !done(); i++) await wait(5);
  };
  const start = port.now();
  litter(64);
  port.collect("minor");
  port.collect("major");
  const end = port.now();
  const natural = (): boolean => seen.some(({ kind, forced }) => kind === "minor" && !forced);
  const forced = (kind: string): boolean => seen.some((each) => each.kind === kind && each.forced === true);
  await until(() => natural() && forced("minor") && forced("major"));
  assert.ok(natural(), "a natural minor one");
  assert.ok(forced("minor"), "ours, minor");
  assert.ok(forced("major"), "ours, major");
  for (const { durationMs, startedAtMs } of seen) {
    assert.ok(durationMs >= 0 && durationMs < 5000);
    assert.ok(startedAtMs! >= start - 1 && startedAtMs! <= end + 1, "on the port's clock");
  }
  observer.close();
  observer.close();
  const before = seen.length;
  port.collect("major");
  await wait(30);
  assert.is(seen.length, before);
});

test.run();
