import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { joinWorkers } from "../../runtimes/workers.ts";
import { createMetrics } from "../../src/app.ts";
import { createMemoryOptimizer, type MemoryOptimizer } from "../../src/index.ts";
import { FakePort } from "../support/port.ts";
import { rejectsCode } from "../support/throws.ts";

const folder = mkdtempSync(join(tmpdir(), "vwf-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const optimizerOf = (): MemoryOptimizer => createMemoryOptimizer({ port: new FakePort() });

test("a worker that cannot answer is left out, and goes on", async () => {
  const directory = join(folder, "e");
  const [one, other] = [optimizerOf(), optimizerOf()];
  const joined = await Promise.all([one, other].map((optimizer) => joinWorkers(optimizer, { directory })));
  other.getMemoryStats = () => {
    throw new Error("no reading");
  };
  assert.is((await joined[0]!.snapshots()).length, 1);
  for (const worker of joined) await worker.close();
});

test("a folder that cannot be used is refused in one sentence, and nothing stays open", async () => {
  const optimizer = optimizerOf();
  const refuse = (given: unknown, ...parts: string[]) =>
    rejectsCode(joinWorkers(optimizer, given as never), "INVALID_OPTION", ...parts);
  await refuse({}, "directory is missing");
  await refuse({ directory: "" }, "directory");
  await refuse({ directory: join(folder, "x".repeat(120)) }, "shorter path");
  const file = join(folder, "file");
  writeFileSync(file, "");
  await refuse({ directory: file }, "a folder that this user may make");
  await rejectsCode(createMetrics(optimizer, { workers: {} as never }), "INVALID_OPTION", "joinWorkers");
  for (const mode of [0o777, 0o770, 0o707]) {
    const directory = join(folder, mode.toString(8));
    mkdirSync(directory);
    chmodSync(directory, mode);
    const workers = await joinWorkers(optimizer, { directory });
    assert.is(statSync(directory).mode & 0o077, 0);
    await workers.close();
  }
  const others = join(folder, "others");
  mkdirSync(others);
  chmodSync(others, 0o777);
  writeFileSync(join(others, "theirs"), "");
  await refuse({ directory: others }, "a folder that others cannot open, or an empty one");
  assert.is(statSync(others).mode & 0o777, 0o777, "it is not closed to those who have files in it");
});

test("a folder of another user is refused: what listens there would be believed", async () => {
  const directory = join(folder, "foreign");
  mkdirSync(directory, { mode: 0o700 });
  const { getuid } = process;
  if (getuid === undefined) return;
  const own = getuid.call(process);
  process.getuid = () => own + 1;
  try {
    await rejectsCode(joinWorkers(optimizerOf(), { directory }), "INVALID_OPTION", "a folder of this user");
  } finally {
    process.getuid = getuid;
  }
});

test.run();
