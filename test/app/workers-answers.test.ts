import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { joinWorkers } from "../../runtimes/workers.ts";
import { snapshotOf } from "../../src/app/worker-metrics.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { fakePort } from "../support/port.ts";

const directory = mkdtempSync(join(tmpdir(), "vwa-"));
test.after(() => rmSync(directory, { recursive: true, force: true }));

const optimizerOf = () => createMemoryOptimizer({ port: fakePort() });

test("an answer of many parts arrives whole, wherever a character is cut in two", async () => {
  const optimizer = optimizerOf();
  const workers = await joinWorkers(optimizer, { directory });
  const ids = ["", "x"].map((shift) => shift + "ä".repeat(300_000));
  const servers = await Promise.all(
    ids.map(
      (id, i) =>
        new Promise<Server>((resolve) => {
          const server = createServer((socket) => socket.end(JSON.stringify(snapshotOf(optimizer, id, i))));
          server.listen(join(directory, `${i}.sock`), () => resolve(server));
        }),
    ),
  );
  try {
    const answers = await workers.snapshots();
    assert.is(answers.length, 3);
    for (const id of ids) assert.ok(answers.some((answer) => answer.id === id));
  } finally {
    await workers.close();
    for (const server of servers) server.close();
  }
});

test("whoever hangs up while it is answered harms nobody", async () => {
  const optimizer = optimizerOf();
  const workers = await joinWorkers(optimizer, { directory });
  const [name] = readdirSync(directory).filter((each) => each.startsWith(`${process.pid}-`));
  const answer = optimizer.getMemoryStats.bind(optimizer);
  let asked: Socket | undefined;
  await new Promise<void>((resolve) => {
    optimizer.getMemoryStats = () => {
      asked?.destroy();
      return answer();
    };
    asked = createConnection(join(directory, name!));
    asked.on("error", () => {});
    asked.once("close", () => resolve());
  });
  optimizer.getMemoryStats = answer;
  assert.is((await workers.snapshots()).length, 1);
  await workers.close();
});

test("once all have answered no timer is left to hold the process", async () => {
  const workers = await Promise.all([1, 2, 3].map(() => joinWorkers(optimizerOf(), { directory })));
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  assert.is((await workers[0]!.snapshots()).length, 3);
  assert.is(timers(), before);
  for (const worker of workers) await worker.close();
});

test.run();
