import { test } from "uvu";
import * as assert from "uvu/assert";
import { Advisor, type AdvisorSample } from "../../src/advisor/advisor.ts";
import { createMemoryOptimizer, type MemoryOptimizer, type StartSettings } from "../../src/index.ts";
import { type FakePort, type FakeSettings, fakePort, loadPort } from "../support/port.ts";

const MB = 1024 * 1024;

const settings: StartSettings = {
  youngGeneration: (mb) => ({ flag: `--young=${mb}`, variable: "V=1", verify: "check" }),
  heapLimit: (mb) => ({ flag: `--old=${mb}`, variable: "V=2", verify: "check" }),
  initialOldGeneration: (mb) => ({ flag: `--start=${mb}`, variable: undefined, verify: "check" }),
  given: { youngGeneration: false, heapLimit: false, initialOldGeneration: false },
  betterVersion: { why: "measured", instead: "run the next", verify: "check" },
};

interface Advised {
  port: FakePort;
  optimizer: MemoryOptimizer;
  logged: string[];
  /** Seconds of 20 requests, five young collections that promote 1 MB each, and a major that takes it back. */
  work(seconds: number): void;
}

function advised(
  start: StartSettings | undefined,
  fake: FakeSettings = { limitBytes: 1000 * MB },
  { oldMb = 100, forced = false } = {},
): Advised {
  const port = fakePort(fake);
  port.startSettings = start;
  port.heapLimitBytes = 2000 * MB;
  const logged: string[] = [];
  const logger = {
    info: (fields: object) => logged.push((fields as { rule?: string }).rule ?? ""),
    warn() {},
    error() {},
  };
  const optimizer = createMemoryOptimizer({ port, logger }).enable();
  const grownTo = (mb: number): void => {
    port.heapSpaces = [
      { name: "new_space", usedBytes: 8 * MB, totalBytes: 32 * MB, young: true },
      { name: "new_large_object_space", usedBytes: 90 * MB, totalBytes: 90 * MB, young: true },
      { name: "old_space", usedBytes: mb * MB, totalBytes: 200 * MB },
    ];
  };
  const collected = (kind: "minor" | "major"): void =>
    port.report({ kind, forced: forced && kind === "major", durationMs: 6, startedAtMs: undefined });
  return {
    port,
    optimizer,
    logged,
    work(seconds) {
      for (let second = 0; second < seconds; second++) {
        for (let i = 0; i < 20; i++) optimizer.requests.end(optimizer.requests.start());
        for (let i = 0; i < 5; i++) {
          grownTo(oldMb + 1 + i);
          collected("minor");
        }
        // Each second alike, so that whoever looks at the old generation by the clock sees it stand still.
        grownTo(oldMb);
        collected("major");
        port.advance(1000);
      }
    },
  };
}

test("silent for a minute and 1,000 requests, then each thing once, in the log as well", () => {
  const a = advised(settings);
  a.work(55);
  assert.equal(a.optimizer.getAdvice(), []);
  a.work(10);
  assert.equal(
    a.optimizer.getAdvice().map(({ rule, flag, instead }) => [rule, flag ?? instead]),
    [
      ["heap-limit", "--old=700"],
      ["young-generation", "--young=64"],
      ["runtime-version", "run the next"],
    ],
  );
  assert.match(a.optimizer.getAdvice()[1]!.evidence, "of halves of 16 MB");
  assert.match(a.optimizer.getAdvice()[1]!.evidence, "promoted 1.0 MB each");
  a.work(300);
  assert.is(a.optimizer.getAdvice().length, 3);
  assert.equal(
    a.logged.filter((rule) => rule !== ""),
    ["heap-limit", "young-generation", "runtime-version"],
  );
});

test("a small heap that the engine collects each second; not where it is larger, nor where the collections were forced", () => {
  const advice = (oldMb: number, forced: boolean) => {
    const a = advised(settings, { limitBytes: 1000 * MB }, { oldMb, forced });
    a.work(70);
    return a.optimizer.getAdvice().find(({ rule }) => rule === "initial-old-generation");
  };
  const said = advice(50, false)!;
  assert.is(said.flag, "--start=128");
  assert.match(said.evidence, "1.0 a second, of an old generation with 50 MB in it");
  assert.is(advice(100, false), undefined);
  assert.is(advice(50, true), undefined);
});

test("neither sooner than a minute, nor before 1,000 requests", () => {
  const advice = (requests: number, ms: number): number => {
    const a = advised(settings);
    a.port.advance(1000);
    for (let i = 0; i < requests; i++) a.optimizer.requests.end(a.optimizer.requests.start());
    a.port.advance(ms);
    return a.optimizer.getAdvice().length;
  };
  assert.is(advice(1000, 60_000) > 0, true);
  assert.is(advice(999, 600_000), 0);
  assert.is(advice(1000, 58_000), 0);
});

test("the rules are asked once a minute, of the most that was used, of collections since it began to look", () => {
  const a = advised({ ...settings, betterVersion: undefined }, { limitBytes: 4000 * MB });
  // Beside the peak there is still room for a larger young generation.
  a.port.heapLimitBytes = 1800 * MB;
  a.port.memory.heapUsedBytes = 1500 * MB;
  // Collections before the first sample are not its evidence.
  for (let i = 0; i < 1000; i++)
    a.port.report({ kind: "minor", forced: false, durationMs: 6, startedAtMs: undefined });
  a.port.advance(1000);
  a.port.memory.heapUsedBytes = 40 * MB;
  a.work(70);
  const [heap, young] = a.optimizer.getAdvice();
  assert.match(heap!.evidence, "most used so far 1500 MB");
  const seen = Number(/^(\d+) young/.exec(young!.evidence)?.[1]);
  assert.ok(seen >= 280 && seen <= 305, `${young!.evidence}`);
  const later = advised({ ...settings, betterVersion: undefined });
  later.port.heapLimitBytes = 500 * MB;
  later.work(61);
  const before = later.optimizer.getAdvice().length;
  later.port.heapLimitBytes = 2000 * MB;
  later.work(50);
  assert.is(later.optimizer.getAdvice().length, before);
  later.work(15);
  assert.is(later.optimizer.getAdvice().length, before + 1);
});

test("a runtime that tells of no collection before its first: counted from none", () => {
  const port = fakePort();
  port.startSettings = settings;
  port.heapSpaces = [{ name: "new_space", usedBytes: 0, totalBytes: 32 * MB, young: true }];
  const advisor = new Advisor(port, { info() {}, warn() {}, error() {} });
  const seen = (minors: number | undefined, requests: number): AdvisorSample => ({
    requests,
    minors,
    minorPauseMs: minors && 6 * minors,
    promotion: minors === undefined ? undefined : { bytes: minors * MB, minors },
    majors: undefined,
    limitBytes: undefined,
    usedBytes: undefined,
    heapLimitBytes: undefined,
    heapUsedBytes: undefined,
  });
  advisor.sample(0, seen(undefined, 0));
  advisor.sample(60_000, seen(600, 1000));
  const said = advisor.suggestions.find(({ rule }) => rule === "young-generation");
  assert.match(said!.evidence, "600 young collections of 6.0 ms");
});

test("an idle process gets no advice", () => {
  const a = advised(settings);
  a.port.advance(600_000);
  assert.equal(a.optimizer.getAdvice(), []);
});

test("a runtime whose collections or spaces cannot be seen: no guess about its young generation", () => {
  const blind = advised(settings, { limitBytes: 1000 * MB, lacks: ["observeCollections"] });
  blind.work(120);
  assert.equal(
    blind.optimizer.getAdvice().map(({ rule }) => rule),
    ["heap-limit", "runtime-version"],
  );
});

test("a runtime without start settings: nothing, and its heap is not read for it", () => {
  const a = advised(undefined);
  a.work(120);
  assert.equal(a.optimizer.getAdvice(), []);
});

test("what this runtime spells", async () => {
  const port = await loadPort();
  const start = port.readStartSettings();
  if (port.name === "bun") {
    assert.is(start, undefined);
    return;
  }
  const { flag, variable, verify } = start!.youngGeneration(64);
  assert.match(flag, /^(--v8-flags=)?--max-semi-space-size=64$/);
  assert.match(variable!, /^(NODE_OPTIONS|DENO_V8_FLAGS)=--max-semi-space-size=64$/);
  assert.match(verify, flag.replace("--v8-flags=", ""));
  assert.match(start!.heapLimit(700).flag, "--max-old-space-size=700");
  const initial = start!.initialOldGeneration(128);
  assert.match(initial.flag, "--initial-old-space-size=128");
  assert.match(initial.verify, initial.flag);
  assert.is(
    initial.variable,
    port.name === "node" ? undefined : "DENO_V8_FLAGS=--initial-old-space-size=128",
  );
  assert.is(start!.betterVersion === undefined, !(port.name === "node" && port.version.startsWith("20.")));
});

test.run();
