import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_VIEWERS, make, read } from "../support/dashboard.ts";

const MB = 1024 * 1024;

test("/memory/events: a state at once, then one a second, from one timer that runs only while somebody looks", async () => {
  const { port, get, optimizer } = make();
  const timers = port.openTimers;
  const response = await get("/memory/events");
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  assert.is(response.headers.get("x-accel-buffering"), "no");
  const first = read(response);
  const second = read(await get("/memory/events"));
  assert.is(port.openTimers, timers + 1);
  assert.is((await first.next())?.stats.systemMemory.rssMb, 100);
  await second.next();
  port.memory.rssBytes = 200 * MB;
  optimizer.createObjectPool({ name: "later", factory: () => ({}) });
  port.advance(1000);
  for (const reader of [first, second]) {
    const state = await reader.next();
    assert.is(state?.stats.systemMemory.rssMb, 200);
    assert.equal(Object.keys(state!.stats.objectPools), ["later"]);
  }
  await first.cancel();
  assert.is(port.openTimers, timers + 1);
  await second.cancel();
  assert.is(port.openTimers, timers);
});

test("a thousand streams asked for: 32 open, the others are told when to come back, and a place gets free", async () => {
  const { port, get } = make();
  const responses = await Promise.all(Array.from({ length: 1000 }, () => get("/memory/events")));
  const open = responses.filter(({ status }) => status === 200);
  assert.is(open.length, MAX_VIEWERS);
  for (const response of responses) {
    if (response.status === 200) continue;
    assert.is(response.status, 503);
    assert.is(response.headers.get("retry-after"), "10");
  }
  port.advance(3000);
  assert.is((await get("/memory/state")).status, 200);
  await open[0]!.body!.cancel();
  const next = await get("/memory/events");
  assert.is(next.status, 200);
  assert.is((await get("/memory/events")).status, 503);
  for (const { body } of [...open.slice(1), next]) await body!.cancel();
});

test("a viewer that does not read costs a bounded backlog, and its place after half a minute", async () => {
  const { port, get } = make();
  const timers = port.openTimers;
  const lazy = await get("/memory/events");
  let readings = port.readings;
  port.advance(200_000);
  assert.is(port.openTimers, timers, "given up");
  readings = port.readings;
  const reader = lazy.body!.getReader();
  let bytes = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) bytes += chunk.value.length;
  assert.ok(bytes > 1000 && bytes < 200_000, `${bytes} bytes were kept for it`);
  assert.is(port.readings, readings);
});

test("a viewer that reads again gets the state of now, not what it missed", async () => {
  const { port, get } = make();
  const reader = read(await get("/memory/events"));
  port.advance(20_000);
  port.memory.rssBytes = 300 * MB;
  let seen: number | undefined;
  let events = 0;
  while (seen !== 300 && events < 100) {
    port.advance(1000);
    seen = (await reader.next())?.stats.systemMemory.rssMb;
    events++;
  }
  assert.is(seen, 300);
  await reader.cancel();
});

test("a server that stops ends its streams and opens none", async () => {
  const { port, get, stopping } = make();
  const timers = port.openTimers;
  const reader = read(await get("/memory/events"));
  await reader.next();
  stopping.abort();
  assert.is(await reader.next(), undefined);
  assert.is(port.openTimers, timers);
  assert.is((await get("/memory/events")).status, 503);
  assert.is((await get("/memory/state")).status, 200);
});

test.run();
