import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type GovernorOptions, type GovernorPolicy } from "../../src/index.ts";
import { fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const NO_OBJECT: readonly unknown[] = [null, 5, -1, Number.NaN, "quiet", true, []];
const POLICY = "observe, interval, quiet, watermark, early, trim, seal, auto, or a list of different ones";

/** Refused with one error, and nothing was started. */
function refused(governor: unknown, ...parts: string[]): void {
  const port = fakePort();
  throwsCode(
    () => createMemoryOptimizer({ port, governor: governor as GovernorOptions }),
    "INVALID_OPTION",
    "createMemoryOptimizer",
    "accepted: ",
    ...parts,
  );
  assert.equal([port.openTimers, port.openObservers, port.deferredTasks], [0, 0, 0]);
}

test("governor is an object", () => {
  for (const wrong of NO_OBJECT) refused(wrong, "governor is", "an object");
});

test("policy: one of eight, or a list that makes sense", () => {
  const wrong: unknown[] = [null, 5, -1, Number.NaN, "", "Quiet", "none", true, {}, [], ["quiet", "quiet"]];
  wrong.push(
    ["quiet", 5],
    [["quiet"]],
    ["observe", "quiet"],
    ["auto", "interval"],
    ["auto", "quiet"],
    Number.POSITIVE_INFINITY,
  );
  for (const policy of wrong) refused({ policy }, "governor: policy is", POLICY);
});

test("objective: one of three", () => {
  for (const objective of [null, 5, Number.NaN, "", "Latency", "p99", true, {}, ["cpu"]]) {
    refused({ objective }, "governor: objective is", "latency, cpu or memory");
  }
});

test("no other option", () => {
  refused({ policies: ["quiet"] }, "there is no option policies", "policy, objective");
});

test("what is right goes through, and each missing one has its default", () => {
  const stats = (governor?: GovernorOptions) =>
    createMemoryOptimizer({ port: fakePort(), governor }).getMemoryStats().governor;
  assert.equal([stats().policies, stats().objective], [["observe"], "latency"]);
  assert.equal([stats({}).policies, stats({}).objective], [["observe"], "latency"]);
  for (const name of POLICY.split(", ").slice(0, 8)) {
    const policy = name as GovernorPolicy;
    assert.equal(stats({ policy }).policies, [policy]);
  }
  const several = stats({ policy: ["interval", "quiet", "seal"], objective: "memory" });
  assert.equal([several.policies, several.objective], [["interval", "quiet", "seal"], "memory"]);
});

test.run();
