import { test } from "uvu";
import * as assert from "uvu/assert";
import { consoleLogger } from "../../src/index.ts";

/** What the console is told while `run` runs. */
function written(level: "info" | "warn" | "error", run: () => void): unknown[] {
  const kept = console[level];
  let said: unknown[] = [];
  console[level] = (...given: unknown[]) => {
    said = given;
  };
  try {
    run();
  } finally {
    console[level] = kept;
  }
  return said;
}

test("one line: the message, and the fields that are no objects", () => {
  const fields = { rssMb: 88.46875, name: "a b", on: true, left: undefined, stats: { a: { b: 1 } } };
  assert.equal(
    written("info", () => consoleLogger.info(fields, "memory statistics")),
    ['velithon: memory statistics rssMb=88.47 name="a b" on=true'],
  );
  const said = written("warn", () => consoleLogger.warn({ what: "Do it.", count: 3 }, "Do it."));
  assert.equal(said, ["velithon: Do it. count=3"], "the message is not said twice");
});

test("an error comes with its stack", () => {
  const err = new Error("disk full");
  assert.equal(
    written("error", () => consoleLogger.error({ err, loggerError: err, pool: "a" }, "failed")),
    ['velithon: failed pool="a"', err, err],
  );
});

test.run();
