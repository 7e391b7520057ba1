import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type GovernorOptions, type GovernorPolicy } from "../../src/index.ts";
import { fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const POLICY =
  "observe, interval, quiet, watermark, early, trim, seal, auto, lean, or a list of different ones";

test("policies that do not go together", () => {
  const wrong: unknown[] = [
    [],
    [["quiet"]],
    ["quiet", "quiet"],
    ["observe", "quiet"],
    ["auto", "interval"],
    ["auto", "quiet"],
    ["auto", "lean", "quiet"],
    ["lean", "observe"],
  ];
  for (const policy of wrong) {
    const governor = { policy } as GovernorOptions;
    const create = () => createMemoryOptimizer({ port: fakePort(), governor });
    throwsCode(create, "INVALID_OPTION", "createMemoryOptimizer: governor: policy is", POLICY);
  }
  const port = fakePort();
  assert.not.throws(() => createMemoryOptimizer({ port, governor: { policy: ["auto", "seal"] } }));
  assert.not.throws(() => createMemoryOptimizer({ port, governor: { policy: ["seal", "lean", "auto"] } }));
});

test("what is right goes through, and each missing one has its default", () => {
  const stats = (governor?: GovernorOptions) =>
    createMemoryOptimizer({ port: fakePort(), governor }).getMemoryStats().governor;
  assert.equal([stats().policies, stats().objective], [["observe"], "latency"]);
  assert.equal([stats({}).policies, stats({}).objective], [["observe"], "latency"]);
  for (const name of POLICY.split(", ").slice(0, 9)) {
    const policy = name as GovernorPolicy;
    assert.equal(stats({ policy }).policies, [policy]);
  }
  const several = stats({ policy: ["interval", "quiet", "seal"], objective: "memory" });
  assert.equal([several.policies, several.objective], [["interval", "quiet", "seal"], "memory"]);
});

test.run();
