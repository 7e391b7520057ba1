import { PerformanceObserver } from "node:perf_hooks";
import v8 from "node:v8";
import vm from "node:vm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { nodePort } from "../../runtimes/node/port.ts";

// Which spelling of the collection function collects what differs by version of Node. This test runs on each of
// them (npm run test:node-versions): it holds the port to the kind it was asked for, and keeps the reason for
// the port's own spelling in view.

v8.setFlagsFromString("--expose-gc");
const gc = vm.runInNewContext("gc") as (...options: unknown[]) => unknown;
const version = Number.parseInt(process.versions.node, 10);
const NAMES: Record<number, string> = { 1: "minor", 4: "major" };

/** The kinds of the collections that the port reports as forced, in order. */
async function seenOf(collect: () => unknown): Promise<string[]> {
  const kinds: string[] = [];
  const observer = nodePort.observeCollections(({ kind, forced }) => forced && kinds.push(kind));
  await collect();
  for (let i = 0; i < 50 && kinds.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  // What one turn caused may come in parts.
  await new Promise((resolve) => setTimeout(resolve, 20));
  observer?.close();
  return kinds;
}

/** The kinds of the forced collections that `collect` caused, in order, as Node itself reports them. */
async function kindsOf(collect: () => unknown): Promise<string[]> {
  const kinds: string[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind, flags } = (entry as unknown as { detail: { kind: number; flags: number } }).detail;
      if ((flags & 4) !== 0) kinds.push(NAMES[kind] ?? String(kind));
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  try {
    await collect();
    // Entries are delivered behind the turn.
    for (let i = 0; i < 50 && kinds.length === 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return kinds;
  } finally {
    observer.disconnect();
  }
}

test("the port's minor is a minor, its major a major, on this version of Node", async () => {
  assert.equal(await kindsOf(() => nodePort.collect("minor")), ["minor"]);
  assert.equal(await kindsOf(() => nodePort.collect("major")), ["major"]);
  assert.equal(await seenOf(() => nodePort.collect("minor")), ["minor"]);
  assert.equal(await seenOf(() => nodePort.collect("major")), ["major"]);
  // It begins a marking behind a minor collection, and a major one ends it; what it gives back is another test.
  assert.is((await seenOf(() => nodePort.collectAll())).at(-1), "major");
});

test("what each spelling collects: one of them differs on Node 20", async () => {
  const found = {
    plain: await kindsOf(() => gc()),
    minor: await kindsOf(() => gc({ type: "minor" })),
    major: await kindsOf(() => gc({ type: "major" })),
    undefined: await kindsOf(() => gc(undefined)),
  };
  assert.equal(found, {
    plain: ["major"],
    minor: ["minor"],
    major: [version < 22 ? "minor" : "major"],
    undefined: [version < 22 ? "major" : "minor"],
  });
});

test.run();
