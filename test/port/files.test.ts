import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadPort } from "../support/port.ts";

const port = await loadPort();
const { capabilities } = port;

/** Descriptors of this process that lead to the file that the port opens below. */
const openCgroupFiles = (): number =>
  readdirSync("/proc/self/fd").filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === `/proc/${process.pid}/cgroup`;
    } catch {
      return false;
    }
  }).length;

test("a kernel file is read as it is now, and closed", () => {
  assert.is(port.openText("/proc/self/no-such-file"), undefined);
  if (capabilities.kernelFiles.available) assert.is(openCgroupFiles(), 0, "none is left from the start");
  const file = port.openText("/proc/self/cgroup");
  assert.is(file !== undefined, capabilities.kernelFiles.available);
  if (!file) return;
  const now = readFileSync("/proc/self/cgroup", "utf8");
  for (let i = 0; i < 3; i++) assert.is(file.read(), now, "from its beginning each time");
  assert.is(openCgroupFiles(), 1);
  file.close();
  assert.is(openCgroupFiles(), 0);
  // What is opened next gets the number that has become free.
  const other = openSync("/proc/self/status", "r");
  assert.is(file.read(), undefined);
  file.close();
  closeSync(other);
});

test.run();
