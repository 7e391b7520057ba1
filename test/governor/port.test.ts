import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { oldBytes } from "../../src/governor/host.ts";
import { loadPort } from "../support/port.ts";

const port = await loadPort();
const MB = 1024 * 1024;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** In a function of its own: locals of a suspended one keep what they hold alive. */
function litter(): void {
  const lists = Array.from({ length: 200_000 }, (_, i) => [i, String(i)]);
  assert.is(lists.length, 200_000);
}

test("after runs once, in time, and not once it was closed", async () => {
  const ran: string[] = [];
  const start = port.now();
  port.after(20, () => ran.push(port.now() - start >= 19 ? "late enough" : "too early"));
  port.after(10, () => ran.push("closed")).close();
  for (let i = 0; i < 100 && ran.length === 0; i++) await wait(10);
  await wait(60);
  assert.equal(ran, ["late enough"]);
});

test("CPU time is that of the process, its own and the kernel's for it", () => {
  const told = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  // Time in the kernel, so that there is some of both.
  for (let i = 0; i < 2000; i++) readFileSync(new URL(import.meta.url));
  const before = told();
  const read = port.readCpuMs()!;
  const after = told();
  assert.ok(process.cpuUsage().system > 2000, "there is time in the kernel");
  assert.ok(before <= read && read <= after, `${before} ${read} ${after}`);
});

test("a collection of all frees litter that has grown old", () => {
  if (!port.capabilities.majorCollection.available) return;
  port.collectAll();
  const before = port.readHeapUsedBytes();
  litter();
  port.collectAll();
  const after = port.readHeapUsedBytes();
  if (before !== undefined) assert.ok(after! < before + 4 * MB, `${before} ${after}`);
});

const youngBytes = (): number | undefined =>
  port.readHeapSpaces()?.reduce((sum, space) => sum + (space.young ? space.totalBytes : 0), 0);

test("a collection of all gives back what the young generation grew to", () => {
  if (!port.capabilities.majorCollection.available || !port.capabilities.heapSpaces.available) return;
  for (let i = 0; i < 10; i++) litter();
  const before = youngBytes()!;
  port.collectAll();
  const after = youngBytes()!;
  assert.ok(before > 4 * MB && after < before / 2, `${before} ${after}`);
});

test("bytes outside the young generation: below all that is in use, or not known", () => {
  const old = oldBytes(port);
  const used = port.readHeapUsedBytes();
  if (!port.capabilities.heapSpaces.available) assert.ok(Number.isNaN(old));
  else assert.ok(old > MB && old <= used! + MB, `${old} of ${used}`);
});

test.run();
