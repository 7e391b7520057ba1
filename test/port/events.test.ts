import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadPort } from "../support/port.ts";

const port = await loadPort();
const { capabilities } = port;

test("the clock is monotonic and has a fraction", () => {
  let last = port.now();
  let fractions = 0;
  for (let i = 0; i < 1000; i++) {
    const now = port.now();
    assert.ok(now >= last);
    if (!Number.isInteger(now)) fractions++;
    last = now;
  }
  assert.ok(fractions > 0);
});

test("every: repeats until closed; defer: behind the turn, in order", async () => {
  let ticks = 0;
  const timer = port.every(5, () => ticks++);
  // A busy machine may hold a timer up for long.
  for (let i = 0; i < 100 && ticks < 2; i++) await wait(20);
  assert.ok(ticks >= 2, `${ticks} ticks`);
  timer.close();
  timer.close();
  const before = ticks;
  await wait(30);
  assert.is(ticks, before);

  const order: string[] = [];
  port.defer(() => order.push("first"));
  port.defer(() => order.push("second"));
  order.push("turn");
  await Promise.resolve();
  order.push("microtask");
  await wait(10);
  assert.equal(order, ["turn", "microtask", "first", "second"]);
});

test("an async context: across awaits and timers, nested, nothing outside", async () => {
  const context = port.createAsyncContext<number>();
  assert.is(context.getStore(), undefined);
  await context.run(1, async () => {
    await wait(1);
    assert.is(context.getStore(), 1);
    context.run(2, () => assert.is(context.getStore(), 2));
    assert.is(context.getStore(), 1);
  });
  assert.is(context.getStore(), undefined);
});

test("environment variables", () => {
  assert.is(capabilities.environment.available, true);
  process.env.VELITHON_PORT_TEST = "x";
  assert.is(port.environmentVariable("VELITHON_PORT_TEST"), "x");
  delete process.env.VELITHON_PORT_TEST;
  assert.is(port.environmentVariable("VELITHON_PORT_TEST"), undefined);
});

test("the end of a response: only for what its server passes", () => {
  const responseEnded = (): void => assert.unreachable("nothing has ended");
  for (const environment of [undefined, null, {}, { outgoing: 5 }, { completed: 5 }, "env", 5]) {
    assert.is(port.onResponseEnd(environment, { responseEnded }), false);
  }
});

if (port.name === "node") {
  test("the end of a response that is over, or given up, is never waited for", () => {
    const ends: boolean[] = [];
    const outgoing = { closed: false, destroyed: false, writableFinished: false };
    const listeners: (() => void)[] = [];
    const on = (_: string, listener: () => void) => listeners.push(listener);
    const watcher = { responseEnded: (sent: boolean) => void ends.push(sent) };
    const watched = (state: object) =>
      port.onResponseEnd({ outgoing: { ...outgoing, on, ...state } }, watcher);
    assert.is(watched({ closed: true }), false);
    assert.is(watched({ destroyed: true }), false);
    assert.is(listeners.length, 0);
    assert.is(watched({}), true);
    assert.is(watched({ writableFinished: true }), true);
    for (const listener of listeners) listener();
    assert.equal(ends, [false, true]);
  });
}

if (port.name === "deno") {
  test("the end of a response that could not be sent is one that was given up", async () => {
    const ends: boolean[] = [];
    const watcher = { responseEnded: (sent: boolean) => void ends.push(sent) };
    assert.is(port.onResponseEnd({ completed: Promise.resolve() }, watcher), true);
    assert.is(port.onResponseEnd({ completed: Promise.reject(new Error("gone")) }, watcher), true);
    await wait(1);
    assert.equal(ends, [true, false]);
  });

  test("a client has left where its signal fires and the response is still open a turn later", async () => {
    const outcome = async (completed: Promise<void>): Promise<boolean> => {
      const client = new AbortController();
      const signal = port.clientSignal!({ signal: client.signal }, { completed })!;
      client.abort();
      assert.is(signal.aborted, false, "not at once");
      await wait(5);
      return signal.aborted;
    };
    assert.is(await outcome(new Promise(() => {})), true);
    assert.is(await outcome(Promise.resolve()), false, "it was sent");
    assert.is(await outcome(Promise.reject(new Error("closed"))), false, "it has ended");
  });
}

test("a streamed body is told from a whole one, whatever the headers", () => {
  const stream = (): ReadableStream => new ReadableStream({ start: (controller) => controller.close() });
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`x-${i}`, "v".repeat(100)]));
  const plain = { "content-type": "text/plain" };
  for (const headers of [{}, many, plain]) {
    assert.is(port.isStreaming(new Response(stream(), { headers })), true, "a stream");
    assert.is(port.isStreaming(new Response(null, { headers })), false, "no body");
  }
  const changed = new Response(new Response(stream()).body, new Response(stream(), { headers: many }));
  changed.headers.set("x-more", "v".repeat(1000));
  assert.is(port.isStreaming(changed), true, "a stream that was passed on");
  const known = new Response("text", { headers: { ...many, "content-length": "4" } });
  assert.is(port.isStreaming(known), false, "a length is told");
  // Elsewhere a whole body is a stream as well, to whoever asks outside a server.
  if (port.name !== "bun") return;
  for (const body of ["", "text", "ä".repeat(1000), new Uint8Array(10), new Uint8Array(0), new Blob(["b"])]) {
    const response = new Response(body, { headers: many });
    assert.is(port.isStreaming(response), false, String(body).slice(0, 20));
    assert.is(response.bodyUsed, false);
  }
});

test.run();
