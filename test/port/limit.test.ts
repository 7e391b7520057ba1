import os from "node:os";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { heapReserveBytes, readHeapLimitBytes } from "../../runtimes/shared.ts";
import { loadPort } from "../support/port.ts";

const port = await loadPort();
const { capabilities } = port;
const MB = 1024 * 1024;

test("a memory limit is one of this process, or undefined", () => {
  const limit = port.readMemoryLimitBytes();
  if (!capabilities.memoryLimit.available) return assert.is(limit, undefined);
  if (limit === undefined) return;
  assert.ok(limit > 10 * MB && limit < 2 ** 50, `${limit} bytes`);
});

test("what a runtime says where there is no limit is none", () => {
  const told = process.constrainedMemory;
  const says = (answer: () => number) => {
    process.constrainedMemory = answer;
    return port.readMemoryLimitBytes();
  };
  const machine = os.totalmem();
  try {
    for (const none of [0, -1, 2 ** 63 - 4096, 2 ** 63, 2 ** 64, machine, machine + 4096])
      assert.is(
        says(() => none),
        undefined,
        String(none),
      );
    for (const limit of [16 * MB, machine - 4096])
      assert.is(
        says(() => limit),
        limit,
      );
    const refuses = () => {
      throw new Error("not permitted");
    };
    assert.is(says(refuses), undefined);
  } finally {
    process.constrainedMemory = told;
  }
});

test("a flag bounds the old generation: what of the heap limit is above it, young objects alone may use", () => {
  if (port.heapReserveBytes === undefined) return assert.is(port.name, "bun", "V8 alone has such a flag");
  const names = ["NODE_OPTIONS", "DENO_V8_FLAGS"] as const;
  const before = names.map((name) => process.env[name]);
  const limit = readHeapLimitBytes()!;
  const reserve = (name: (typeof names)[number], flag: string): number => {
    for (const each of names) delete process.env[each];
    process.env[name] = flag;
    return heapReserveBytes(7);
  };
  try {
    assert.is(reserve("NODE_OPTIONS", "--no-warnings"), 7, "no such flag: what the runtime is known for");
    for (const flag of ["--max-old-space-size=50", "--max_old_space_size=50", "--x --max-old-space-size 50"])
      assert.is(reserve("NODE_OPTIONS", flag), limit - 50 * MB, flag);
    assert.is(reserve("DENO_V8_FLAGS", "--max-old-space-size=60,--x"), limit - 60 * MB);
    assert.is(reserve("NODE_OPTIONS", `--max-old-space-size=${limit}`), 0, "not less than none");
  } finally {
    names.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  }
});

test.run();
