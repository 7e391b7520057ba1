import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadPort } from "../support/port.ts";

const port = await loadPort();
const linux = port.capabilities.kernelFiles.available;
const told = () => port.readProcess()!;

test("open files: those that are there, without the one that the look itself opens", () => {
  if (!linux) return assert.is(told().openFiles, undefined);
  const folder = "/proc/self/fd";
  const there = readdirSync(folder).filter((name) => existsSync(`${folder}/${name}`));
  assert.is(told().openFiles, there.length);
});

test("data: as the kernel tells it, in bytes", () => {
  if (!linux) return assert.is(told().dataBytes, undefined);
  const kib = Number(/^VmData:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))![1]);
  const { dataBytes } = told();
  assert.ok(Math.abs(dataBytes! / 1024 - kib) < kib / 5, `${dataBytes} bytes, not ${kib} KiB`);
});

test("resources are counted by kind, or not known", () => {
  const before = told().resources;
  const timers = Array.from({ length: 3 }, () => setTimeout(() => {}, 60_000));
  const after = told().resources;
  for (const timer of timers) clearTimeout(timer);
  assert.is(after === undefined, port.name === "bun");
  if (after) assert.is(after.Timeout! - (before!.Timeout ?? 0), 3);
});

test("handles and operations are told apart, where the runtime tells of them", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { handles, operations } = told();
  await new Promise((resolve) => server.close(resolve));
  assert.is(handles?.Server, port.name === "bun" ? undefined : 1);
  assert.is(operations?.Server, undefined);
});

test.run();
