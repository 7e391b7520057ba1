import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;
const port = await loadPort();

function inDirectory(act: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "snapshots-"));
  try {
    act(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("off by default", () => {
  const result = createMemoryOptimizer({ port: fakePort() }).takeHeapSnapshot();
  assert.equal(result, { written: false, reason: "heapSnapshots is not set" });
});

test("each runtime writes one that a reader of its format understands, for the owner's eyes alone", () => {
  inDirectory((directory) => {
    const optimizer = createMemoryOptimizer({ port, heapSnapshots: { directory } });
    const result = optimizer.takeHeapSnapshot();
    assert.ok(result.written, JSON.stringify(result));
    if (!result.written) return;
    assert.equal(
      readdirSync(directory).map((name) => join(directory, name)),
      [result.path],
    );
    assert.match(result.path, /\/heap-[-0-9TZ]+-1\.heapsnapshot$/);
    const { size, mode } = statSync(result.path);
    assert.is(size, result.bytes);
    assert.is(mode & 0o777, 0o600);
    const { snapshot, nodes } = JSON.parse(readFileSync(result.path, "utf8"));
    assert.ok(nodes.length >= snapshot.node_count && snapshot.node_count > 1000);
    const again = optimizer.takeHeapSnapshot();
    assert.equal(again, { written: false, reason: "the last one was tried less than 60 min ago" });
  });
});

test("where it cannot be written nothing is left, and nobody else's file is touched", () => {
  inDirectory((directory) => {
    writeFileSync(join(directory, "taken.heapsnapshot.unfinished"), "theirs");
    assert.throws(() => port.writeHeapSnapshot(directory, "taken"));
    assert.is(readFileSync(join(directory, "taken.heapsnapshot.unfinished"), "utf8"), "theirs");
    assert.throws(() => port.writeHeapSnapshot(join(directory, "none"), "any"));
    assert.equal(readdirSync(directory), ["taken.heapsnapshot.unfinished"]);
  });
});

test("a directory that is none: said why, tried once in a cool-down, nothing left", () => {
  inDirectory((directory) => {
    writeFileSync(join(directory, "file"), "theirs");
    for (const [name, reason] of [
      ["none", "ENOENT"],
      ["file", "ENOTDIR"],
    ] as const) {
      const heapSnapshots = { directory: join(directory, name) };
      const optimizer = createMemoryOptimizer({ port, heapSnapshots });
      assert.match(JSON.stringify(optimizer.takeHeapSnapshot()), `it could not be written: ${reason}`);
      assert.match(JSON.stringify(optimizer.takeHeapSnapshot()), "less than 60 min ago");
    }
    assert.equal(readdirSync(directory), ["file"]);
    assert.is(readFileSync(join(directory, "file"), "utf8"), "theirs");
  });
});

test("only where there is memory for it, and once in a cool-down", () => {
  const fake = fakePort({ limitBytes: 200 * MB });
  const optimizer = createMemoryOptimizer({
    port: fake,
    heapSnapshots: { directory: "/x", cooldownMinutes: 5 },
  });
  const take = (): string => {
    const result = optimizer.takeHeapSnapshot();
    return result.written ? result.path : result.reason;
  };
  fake.memory.heapUsedBytes = 60 * MB;
  assert.is(take(), "it needs about 120 MB, and 100 MB are free");
  fake.memory.heapUsedBytes = 40 * MB;
  fake.advance(1000);
  assert.match(take(), /^\/x\/heap-.*-1$/);
  fake.advance(5 * 60_000 - 1);
  assert.match(take(), /less than 5 min ago/);
  fake.advance(1);
  fake.snapshotError = new Error("no space left");
  assert.is(take(), "it could not be written: no space left");
  assert.match(take(), /less than 5 min ago/, "a failure counts as well");
  fake.advance(5 * 60_000);
  fake.files["/proc/meminfo"] = "MemTotal: 99 kB\nMemAvailable:   10240 kB\n";
  assert.is(take(), "it needs about 80 MB, and 10 MB are free");

  const blind = createMemoryOptimizer({ port: fakePort(), heapSnapshots: { directory: "/x" } });
  assert.match(JSON.stringify(blind.takeHeapSnapshot()), /it is not known how much memory is free/);
  const lacks = createMemoryOptimizer({
    port: fakePort({ lacks: ["heapSnapshot"] }),
    heapSnapshots: { directory: "/x" },
  });
  assert.match(JSON.stringify(lacks.takeHeapSnapshot()), /this fake lacks heapSnapshot/);
});

test("options that do not fit", () => {
  for (const heapSnapshots of [
    {},
    { directory: "" },
    { directory: 5 },
    { directory: "/x", cooldownMinutes: 0 },
    { directory: "/x", every: 5 },
  ]) {
    throwsCode(
      () => createMemoryOptimizer({ port: fakePort(), heapSnapshots } as never),
      "INVALID_OPTION",
      /heapSnapshots/,
    );
  }
});

test.run();
