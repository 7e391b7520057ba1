import { createServer } from "node:http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { joinWorkers } from "../../runtimes/workers.ts";
import { adminToken, createMetrics, isLoopback } from "../../src/app.ts";
import { SharedRequests } from "../../src/core/index.ts";
import {
  createMemoryOptimizer,
  drainAndExit,
  getMemoryContext,
  governedRequest,
  governFetch,
  governListener,
  governServer,
  type MemoryOptimizer,
  RequestMemoryContext,
  shedFetch,
  shedListener,
  shedServer,
  tryGetMemoryContext,
  useRuntime,
  VelithonError,
  withMemoryOptimization,
} from "../../src/index.ts";
import { CASES, type Case } from "../support/option-cases.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";
import { abortSignal, flag, NO_OBJECT, number, type Rule, shown, whole } from "../support/rules.ts";
import { throwsCode } from "../support/throws.ts";

/** What a call throws, or what its promise is rejected with. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await Promise.race([call(), turn()]);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** An optimizer, and a look at it that sees whether anything is left of calls that were refused. */
class Untouched {
  readonly port: FakePort = fakePort();
  readonly optimizer: MemoryOptimizer = createMemoryOptimizer({ port: this.port });
  readonly #stats = this.optimizer.getMemoryStats();
  readonly #bytes = this.optimizer.core.memoryBytes;

  check(): void {
    const { port, optimizer } = this;
    assert.equal([port.openTimers, port.openObservers, port.deferredTasks], [0, 0, 0], "nothing is started");
    assert.is(optimizer.enabled, false);
    assert.equal(port.collections, []);
    assert.equal(optimizer.getMemoryStats(), this.#stats, "no name is taken, nothing is counted");
    assert.is(optimizer.core.memoryBytes, this.#bytes);
  }

  /** The last look: all 28 gates are still there. */
  close(): void {
    const gates = Array.from({ length: 28 }, (_, i) => ({ interval: i + 1, kind: 0 }) as const);
    assert.is(this.optimizer.requests.createGates(gates), 0x0fff_ffff, "no gate is used up");
  }
}

/** The message of the one error. */
async function refused(test: Case, on: Untouched, given: unknown, ...parts: string[]): Promise<string> {
  const error = await errorOf(() => test.call(given, on.optimizer, on.port));
  assert.instance(error, VelithonError, `${test.where}: ${String(error)}`);
  const { code, message } = error as VelithonError;
  assert.is(code, "INVALID_OPTION", message);
  assert.ok(message.startsWith(`${test.where}: `), message);
  for (const part of ["accepted: ", ...parts]) assert.ok(message.includes(part), `${message}\nlacks ${part}`);
  on.check();
  return message;
}

async function taken(each: Case, options: (optimizer: MemoryOptimizer) => unknown): Promise<void> {
  const port: FakePort = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const made = each.call(options(optimizer), optimizer, port);
  const result = await Promise.race([made, turn()]);
  await (result as { close?(): unknown } | null | undefined)?.close?.();
}

for (const each of CASES) {
  const given = each.given ?? ((): Record<string, unknown> => ({}));

  test(`${each.where}: what is right is taken`, async () => {
    await taken(each, given);
    const blank = Object.fromEntries(Object.keys(each.options).map((name) => [name, undefined]));
    await taken(each, (optimizer) => ({ ...blank, ...given(optimizer) }));
  });

  for (const [name, rule] of Object.entries(each.options)) {
    test(`${each.where}: ${name} of a wrong type, NaN, negative, too large, missing`, async () => {
      const on = new Untouched();
      const right = given(on.optimizer);
      for (const value of rule.wrong) {
        const seen = rule.hidden ? `${(value as string).length} characters` : shown(value);
        await refused(each, on, { ...right, [name]: value }, name, seen, rule.accepted);
      }
      if (rule.required) {
        await refused(each, on, { ...right, [name]: undefined }, name, rule.accepted);
        delete right[name];
        await refused(each, on, right, name, rule.accepted);
      }
      on.close();
    });
  }

  test(`${each.where}: its options are these and no others, and are an object`, async () => {
    const on = new Untouched();
    const message = await refused(each, on, { ...given(on.optimizer), maxSzie: 5 });
    const [, listed] = /there is no option maxSzie; accepted: (.*)$/.exec(message) ?? [];
    assert.equal(listed?.split(", ").sort(), Object.keys(each.options).sort(), "each has its rule");
    for (const value of each.part ? [] : [...NO_OBJECT, [5]])
      await refused(each, on, value, "the options are", shown(value), "an object");
    if (!each.part && Object.values(each.options).some((rule) => rule.required))
      await refused(each, on, undefined);
    on.close();
  });
}

/** What is no option but must be right as well: the wrong values, and what the message says is accepted. */
const refuseEach = async (where: string, call: (wrong: never) => unknown, rule: Rule): Promise<void> => {
  for (const value of rule.wrong) {
    const error = await errorOf(() => call(value as never));
    assert.instance(error, VelithonError, `${where} of ${shown(value)}: ${String(error)}`);
    const { code, message } = error as VelithonError;
    assert.is(code, "INVALID_OPTION", message);
    for (const part of [where, shown(value), rule.accepted]) assert.ok(message.includes(part), message);
  }
};

test("what is passed beside options or instead of them: one error, and all as before", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}), maxSize: 5 });
  const buffers = optimizer.createBufferPool({ name: "b" });
  const cache = optimizer.createWeakCache({ name: "c", maxSize: 5 });
  const context = new RequestMemoryContext({}, port);
  const before = optimizer.getMemoryStats();
  const fn: Rule = { accepted: "a function", wrong: [...NO_OBJECT, {}, undefined] };
  const anOptimizer: Rule = { accepted: "a MemoryOptimizer", wrong: [...NO_OBJECT, {}, undefined] };
  const orMissing = (rule: Rule): Rule => ({ ...rule, wrong: [...rule.wrong, undefined] });

  await refuseEach("resize: maxSize", (n) => pool.resize(n), orMissing(whole(0, 1_048_576)));
  await refuseEach("resize: maxSize", (n) => cache.resize(n), orMissing(whole(1, 1_048_576)));
  await refuseEach("byteLength", (n) => buffers.acquire(n), orMissing(whole(1, 2 ** 32)));
  await refuseEach("shrinkTo: bytes", (n) => optimizer.budget.shrinkTo(n), number(0, 2 ** 50));
  await refuseEach("giveBack: ratio", (n) => optimizer.budget.giveBack(n), number(0, 1));
  await refuseEach("cleanUpEvery: collects", (wrong) => optimizer.cleanUpEvery(1000, wrong), flag);
  const { accepted, wrong: notCounts } = number(0, Number.POSITIVE_INFINITY);
  const noLimit: Rule = { accepted, wrong: notCounts.filter((wrong) => wrong !== Number.POSITIVE_INFINITY) };
  await refuseEach("sweep: limit", (n) => cache.sweep(n), noLimit);
  await refuseEach("topRoutes: limit", (n) => optimizer.requests.topRoutes(n), whole(0, 64));
  const interval: Rule = {
    accepted: "a number from 0 on",
    wrong: number(0, 1).wrong.filter((wrong) => wrong !== 1.001),
  };
  await refuseEach("setSampleInterval: intervalMs", (n) => optimizer.monitor.setSampleInterval(n), interval);
  await refuseEach("cleanUpEvery: intervalMs", (n) => optimizer.cleanUpEvery(n), number(0, 604_800_000));
  const spans: Rule = { accepted: "hour or week", wrong: [...NO_OBJECT, "day", {}] };
  await refuseEach("getHistory: span", (span) => optimizer.getHistory(span), spans);

  await refuseEach("use: fn", (wrong) => pool.use(wrong), fn);
  await refuseEach("use: fn", (wrong) => buffers.use(8, wrong), fn);
  await refuseEach("getOrCreate: load", (wrong) => cache.getOrCreate("key", wrong), fn);
  const load = (): object => ({});
  const no = (signal: never) => cache.getOrCreate("key", load, { signal });
  await refuseEach("getOrCreate: signal", no, abortSignal);
  const nothing: Rule = { accepted: "an object", wrong: NO_OBJECT };
  await refuseEach("getOrCreate", (wrong) => cache.getOrCreate("key", load, wrong), nothing);
  await refuseEach("defer: fn", (wrong) => context.defer(wrong), fn);
  await refuseEach("run: fn", (wrong) => context.run(wrong), fn);
  await refuseEach("withMemoryOptimization: fn", (wrong) => withMemoryOptimization(wrong), fn);
  await refuseEach("onPressure: handler", (wrong) => optimizer.onPressure(wrong), fn);
  await refuseEach("governFetch: fetch", (wrong) => governFetch(wrong, { optimizer }), fn);
  await refuseEach("shedFetch: fetch", (wrong) => shedFetch(wrong, { optimizer }), fn);
  await refuseEach("governListener: listener", (wrong) => governListener(wrong, { optimizer }), fn);
  const server: Rule = { accepted: "a server of node:http", wrong: [...NO_OBJECT, {}, undefined] };
  await refuseEach("governServer: server", (wrong) => governServer(wrong, { optimizer }), server);
  await refuseEach("shedListener: listener", (wrong) => shedListener(wrong, { optimizer }), fn);
  await refuseEach("shedServer: server", (wrong) => shedServer(wrong, { optimizer }), server);

  const directory = "test/out/w";
  await refuseEach("createMetrics: optimizer", (wrong) => createMetrics(wrong), anOptimizer);
  await refuseEach("joinWorkers: optimizer", (wrong) => joinWorkers(wrong, { directory }), anOptimizer);
  const way = { stop() {}, exit() {} };
  await refuseEach("drainAndExit: optimizer", (wrong) => drainAndExit(wrong, way), anOptimizer);
  const core: Rule = { accepted: "the core of an optimizer", wrong: [...NO_OBJECT, {}, undefined] };
  await refuseEach("join: core", (wrong) => new SharedRequests().join(wrong), core);
  const aPort: Rule = { accepted: "a RuntimePort", wrong: [...NO_OBJECT, {}, { collect() {} }, undefined] };
  const given: Rule = { ...aPort, wrong: aPort.wrong.filter((wrong) => wrong !== undefined) };
  await refuseEach("getMemoryContext: port", (wrong) => getMemoryContext(wrong), given);
  await refuseEach("tryGetMemoryContext: port", (wrong) => tryGetMemoryContext(wrong), given);
  for (const none of [...NO_OBJECT, undefined]) assert.is(governedRequest(none as never), undefined);
  await refuseEach("adminToken: port", (wrong) => adminToken(wrong), aPort);
  const host: Rule = {
    accepted: "a string",
    wrong: [...NO_OBJECT.filter((no) => typeof no !== "string"), {}, undefined],
  };
  await refuseEach("isLoopback: host", (wrong) => isLoopback(wrong), host);
  await refuseEach("useRuntime: port", (wrong) => useRuntime(wrong), aPort);

  assert.equal(optimizer.getMemoryStats(), before);
  assert.is(context.closed, false);
  assert.equal([port.openTimers, port.openObservers, port.deferredTasks], [0, 0, 0]);
  assert.is(createServer().listenerCount("request"), 0);
});

test("createGates: what is no list of gates, or no gate, is refused, and no gate is used up", () => {
  const untouched = new Untouched();
  const right = { interval: 1, kind: 0 };
  const lists: unknown[] = [undefined, 5, Number.NaN, "gates", {}, ...NO_OBJECT.map((gate) => [right, gate])];
  const gates = [
    { interval: 0 },
    { interval: Number.NaN },
    { interval: 2 ** 31 },
    { interval: "5" },
    { kind: 4 },
  ];
  const others = [{ kind: "notify" }, { whileBusy: 1 }, { opened: 5 }, { other: 1 }];
  for (const wrong of [...gates, ...others]) lists.push([right, { ...right, ...wrong }]);
  for (const list of lists) {
    const create = (): number => untouched.optimizer.requests.createGates(list as never);
    throwsCode(create, "INVALID_OPTION", "accepted: ");
    untouched.check();
  }
  untouched.close();
});

test("a value that is hard to show does not spoil its message", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const endless: unknown[] = [];
  endless.push(endless);
  const hard: unknown[] = [
    endless,
    Object.create(null),
    new Proxy({}, {}),
    Symbol("s"),
    new Array(1e6),
    "x".repeat(1e6),
    [[1, [2]]],
  ];
  for (const maxSize of hard) {
    throwsCode(
      () => optimizer.createWeakCache({ name: "c", maxSize: maxSize as number }),
      "INVALID_OPTION",
      "maxSize",
      /^.{1,200}$/s,
    );
  }
});

test.run();
