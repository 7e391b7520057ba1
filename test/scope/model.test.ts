import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { getMemoryContext, ObjectPool, RequestMemoryContext } from "../../src/index.ts";
import { eachFailure } from "../../src/shared/suppressed.ts";
import { endOf, type NaiveScope, naiveScope } from "../support/naive-scope.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { Random } from "../support/random.ts";

const STEPS = 1_000_000;
const OPEN = 24;
const engine = await loadPort();

interface Pair {
  readonly scope: RequestMemoryContext;
  readonly naive: NaiveScope;
  readonly client: AbortController;
  /** Ids of what ran at the end, in order. */
  readonly ran: number[];
}

/** No `Error`: so many stacks would take longer than the test. */
class Failed {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

const ids = (failure: unknown): number[] =>
  eachFailure(failure)
    .map((error) => {
      if (error instanceof Failed) return error.id;
      throw error;
    })
    .reverse();

test(`${STEPS} steps with forced collections: scopes that defer, lease, fail, time out, lose their client and end in any way`, async () => {
  const port = fakePort();
  const random = new Random(20261);
  const pool = new ObjectPool(createCore(), { name: "p", factory: () => ({}), maxSize: 8, mode: "pooling" });
  const live: Pair[] = [];
  const ending: Promise<void>[] = [];
  let leased = 0;
  let nextId = 0;
  let ended = 0;
  let refused = 0;

  const make = (): Pair => {
    const deadlineMs = random.int(0, 2) === 0 ? random.int(1, 40) : undefined;
    const client = new AbortController();
    const signal = random.int(0, 3) === 0 ? client.signal : undefined;
    return {
      scope: new RequestMemoryContext({ deadlineMs, signal }, port),
      naive: naiveScope(port.nowMs, deadlineMs),
      client,
      ran: [],
    };
  };

  /** What a deferred function does: at once or later, well or badly. */
  const clean = ({ ran }: Pair, id: number, fails: boolean, later: boolean): unknown => {
    ran.push(id);
    if (!later) {
      if (fails) throw new Failed(id);
      return undefined;
    }
    return Promise.resolve().then(() => {
      if (fails) throw new Failed(id);
    });
  };

  const check = (pair: Pair, failure: unknown): void => {
    const { order, failures } = endOf(pair.naive);
    const same = order.length === pair.ran.length && order.every((id, i) => id === pair.ran[i]);
    if (!same) assert.equal(pair.ran, order);
    const failed = failure === undefined ? [] : ids(failure);
    if (String(failed) !== String(failures)) assert.equal(failed, failures);
    if (!pair.scope.closed) assert.unreachable("it has ended");
    // Slow on some runtimes, so now and then.
    if (ended % 16 === 0) assert.is(pair.scope.signal.reason.code, "CONTEXT_CLOSED");
    ended += 1;
  };

  /** Ended by one of five ways; those that are waited for go on beside the rest. */
  const end = (pair: Pair): void => {
    const { naive, scope } = pair;
    naive.closed = true;
    leased -= naive.leases;
    const waits = naive.deferred.some(({ id }) => id < -1);
    const way = waits ? random.int(2, 4) : random.int(0, 4);
    if (way < 2) {
      let failure: unknown;
      try {
        if (way === 0) scope.close();
        else scope.run(() => getMemoryContext(port) === scope || assert.unreachable("another is ambient"));
      } catch (error) {
        failure = error;
      }
      check(pair, failure);
      return;
    }
    const leases = naive.leases;
    // Until it has ended these are still out.
    leased += leases;
    let done: Promise<void>;
    if (way === 2) done = scope.closeAsync();
    else if (way === 3) done = scope.run(async () => {});
    else done = scope[Symbol.asyncDispose]();
    ending.push(
      done.then(
        () => {
          leased -= leases;
          check(pair, undefined);
        },
        (error) => {
          leased -= leases;
          check(pair, error);
        },
      ),
    );
  };

  for (let step = 0; step < STEPS; step++) {
    if (step % 20_000 === 10_000) engine.collect("major");
    if (live.length < OPEN && random.int(0, 5) === 0) {
      live.push(make());
      continue;
    }
    const at = random.int(0, live.length - 1);
    const pair = live[at];
    if (pair === undefined) continue;
    const { scope, naive } = pair;
    switch (random.int(0, 12)) {
      case 0:
      case 1:
      case 2: {
        const id = nextId++;
        const fails = random.int(0, 7) === 0;
        const later = random.int(0, 3) === 0;
        scope.defer(() => clean(pair, id, fails, later));
        naive.deferred.push({ id, fails });
        // A mark of its own, so that only an end that waits is chosen.
        if (later) naive.deferred.push({ id: -2, fails: false });
        break;
      }
      case 3:
      case 4:
      case 5:
      case 10:
        scope.acquire(pool);
        naive.leases += 1;
        leased += 1;
        break;
      case 6:
        // Slow on some runtimes, so for some scopes only.
        if (nextId % 4 !== 0) break;
        naive.asked = true;
        if (naive.fired === undefined && naive.deadlineMs !== undefined) {
          if (port.nowMs - naive.startMs >= naive.deadlineMs) naive.fired = "TimeoutError";
        }
        scope.signal;
        break;
      case 7:
        port.advance(random.int(0, 3));
        for (const { naive: other } of live) {
          if (!other.asked || other.fired !== undefined || other.deadlineMs === undefined) continue;
          if (port.nowMs - other.startMs >= other.deadlineMs) other.fired = "TimeoutError";
        }
        break;
      case 8:
        if (naive.asked) {
          const { aborted, reason } = scope.signal;
          const name = aborted ? (reason as Error).name : undefined;
          if (name !== naive.fired) assert.is(name, naive.fired);
        }
        break;
      case 9:
        scope.clientGone();
        if (naive.asked) naive.fired ??= "AbortError";
        break;
      default:
        live[at] = live.at(-1)!;
        live.pop();
        end(pair);
        // `run` ends it when its function has settled, so not yet.
        if (scope.closed && random.int(0, 15) === 0) {
          for (const use of [() => scope.defer(() => {}), () => scope.acquire(pool)]) {
            try {
              use();
              assert.unreachable("it has ended");
            } catch (error) {
              if ((error as { code?: string }).code !== "CONTEXT_CLOSED") throw error;
              refused += 1;
            }
          }
        }
    }
    if (ending.length >= 64) {
      await Promise.all(ending);
      ending.length = 0;
      const { inUse, created, poolSize } = pool.getStats();
      if (inUse !== leased) assert.is(inUse, leased);
      assert.ok(poolSize <= 8 && created >= inUse + poolSize);
    }
  }
  await Promise.all(ending);
  for (const pair of live.splice(0)) end(pair);
  await Promise.all(ending);
  assert.is(pool.getStats().inUse, 0);
  assert.is(port.openTimers, 0, "no deadline is left");
  assert.ok(ended > 50_000 && refused > 2000, `${ended} ended, ${refused} refused`);
});

test.run();
