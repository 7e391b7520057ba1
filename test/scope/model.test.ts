import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { getMemoryContext, ObjectPool, RequestMemoryContext } from "../../src/index.ts";
import { eachFailure } from "../../src/shared/suppressed.ts";
import { type AsyncModel, checkAsyncModel, MODEL_STEPS } from "../support/model.ts";
import { endOf, type NaiveScope, naiveScope } from "../support/naive-scope.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { Random } from "../support/random.ts";

const OPEN = 24;
const engine = await loadPort();
const core = createCore();
/** One for all: Node slows down with each port that ever had a context. */
const port = fakePort();
const seen = { ended: 0, refused: 0, failed: 0, resets: 0 };

interface Pair {
  readonly scope: RequestMemoryContext;
  readonly naive: NaiveScope;
  /** Watched by the scope, or not. */
  readonly client: AbortController | undefined;
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

/** Scopes that are open at once, with a pool and a clock, beside plain lists. */
class World implements AsyncModel {
  readonly #pool = new ObjectPool<{ n: number }>(core, {
    name: "p",
    factory: () => ({ n: this.#made++ }),
    reset: ({ n }) => {
      if (n % 7 !== 3) return;
      seen.resets += 1;
      throw new Failed(n);
    },
    maxSize: 8,
    mode: "pooling",
  });
  readonly #live: Pair[] = [];
  readonly #ending: Promise<void>[] = [];
  #made = 0;
  #leased = 0;
  #abandoned = 0;
  #nextId = 0;

  #open(random: Random): void {
    const deadlineMs = random.int(0, 2) === 0 ? random.int(1, 40) : undefined;
    const client = random.int(0, 3) === 0 ? new AbortController() : undefined;
    const scope = new RequestMemoryContext({ deadlineMs, signal: client?.signal }, port);
    this.#live.push({ scope, naive: naiveScope(port.nowMs, deadlineMs), client, ran: [] });
  }

  /** Runs at the end: at once or later, well or badly. */
  #defer(pair: Pair, random: Random): void {
    const { scope, naive, ran } = pair;
    const id = this.#nextId++;
    const fails = random.int(0, 7) === 0;
    const later = random.int(0, 3) === 0;
    const fail = (): void => {
      if (fails) throw new Failed(id);
    };
    scope.defer(() => {
      ran.push(id);
      return later ? Promise.resolve().then(fail) : fail();
    });
    naive.deferred.push({ id, fails });
    // A mark of its own, so that only an end that waits is chosen.
    if (later) naive.deferred.push({ id: -2, fails: false });
  }

  #check({ naive, ran, scope }: Pair, failure: unknown): void {
    const { order, failures } = endOf(naive);
    const same = order.length === ran.length && order.every((id, i) => id === ran[i]);
    if (!same) assert.equal(ran, order);
    const failed = failure === undefined ? [] : ids(failure);
    if (String(failed) !== String(failures)) assert.equal(failed, failures);
    if (!scope.closed) assert.unreachable("it has ended");
    // Slow on some runtimes, so now and then.
    if (seen.ended % 16 === 0) assert.is(scope.signal.reason.code, "CONTEXT_CLOSED");
    seen.ended += 1;
    seen.failed += failed.length;
  }

  /** Ended by one of five ways; those that are waited for go on beside the rest. */
  #end(pair: Pair, random: Random): void {
    const { naive, scope } = pair;
    naive.closed = true;
    const { leases } = naive;
    // As the middleware does it where the client has gone away.
    if (random.int(0, 7) === 0) {
      scope.abandon();
      this.#abandoned += leases;
    }
    const waits = naive.deferred.some(({ id }) => id < -1);
    const way = waits ? random.int(2, 4) : random.int(0, 4);
    if (way < 2) {
      this.#leased -= leases;
      let failure: unknown;
      try {
        if (way === 0) scope.close();
        else scope.run(() => getMemoryContext(port) === scope || assert.unreachable("another is ambient"));
      } catch (error) {
        failure = error;
      }
      this.#check(pair, failure);
      return;
    }
    // Until it has ended its leases are still out.
    const done =
      way === 2 ? scope.closeAsync() : way === 3 ? scope.run(async () => {}) : scope[Symbol.asyncDispose]();
    const ended = (failure?: unknown): void => {
      this.#leased -= leases;
      this.#check(pair, failure);
    };
    this.#ending.push(done.then(() => ended(), ended));
  }

  #refuses({ scope }: Pair): void {
    for (const use of [() => scope.defer(() => {}), () => scope.acquire(this.#pool)]) {
      try {
        use();
        assert.unreachable("it has ended");
      } catch (error) {
        if ((error as { code?: string }).code !== "CONTEXT_CLOSED") throw error;
        seen.refused += 1;
      }
    }
  }

  /** Whether its deadline has passed, where its signal was asked for. */
  #expire(naive: NaiveScope): void {
    const { asked, deadlineMs, startMs } = naive;
    if (!asked || deadlineMs === undefined || port.nowMs - startMs < deadlineMs) return;
    naive.fired ??= "TimeoutError";
  }

  step(random: Random): Promise<void> | void {
    if (this.#ending.length >= 64) return this.#settle().then(() => this.#act(random));
    this.#act(random);
  }

  #act(random: Random): void {
    const live = this.#live;
    if (live.length < OPEN && random.int(0, 5) === 0) this.#open(random);
    if (live.length === 0) return;
    const at = random.int(0, live.length - 1);
    const pair = live[at]!;
    const { scope, naive } = pair;
    const choice = random.int(0, 12);
    if (choice < 3) this.#defer(pair, random);
    else if (choice < 7) {
      scope.acquire(this.#pool);
      naive.leases += 1;
      this.#leased += 1;
    } else if (choice === 7) {
      // Slow on some runtimes, so for some scopes only.
      if (this.#nextId % 4 !== 0) return;
      naive.asked = true;
      this.#expire(naive);
      if (pair.client?.signal.aborted) naive.fired ??= "AbortError";
      scope.signal;
    } else if (choice === 8) {
      port.advance(random.int(0, 3));
      for (const other of live) this.#expire(other.naive);
    } else if (choice === 9) {
      if (!naive.asked) return;
      const { aborted, reason } = scope.signal;
      const name = aborted ? (reason as Error).name : undefined;
      if (name !== naive.fired) assert.is(name, naive.fired);
    } else if (choice === 10) {
      if (pair.client === undefined) scope.clientGone();
      else pair.client.abort();
      if (naive.asked) naive.fired ??= "AbortError";
    } else {
      live[at] = live.at(-1)!;
      live.pop();
      this.#end(pair, random);
      // `run` ends it when its function has settled, so not yet.
      if (scope.closed && random.int(0, 7) === 0) this.#refuses(pair);
    }
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#ending.splice(0));
    const { inUse, created, poolSize, discarded, abandoned } = this.#pool.getStats();
    if (inUse !== this.#leased) assert.is(inUse, this.#leased);
    if (abandoned !== this.#abandoned)
      assert.is(abandoned, this.#abandoned, "what was abandoned is discarded");
    assert.ok(poolSize <= 8 && created === inUse + poolSize + discarded);
  }

  async end(): Promise<void> {
    for (const pair of this.#live.splice(0)) this.#end(pair, new Random(this.#nextId));
    await this.#settle();
    assert.is(this.#pool.getStats().inUse, 0);
    assert.is(port.openTimers, 0, "no deadline is left");
    this.#pool.close();
  }
}

test(`${MODEL_STEPS} steps with forced collections: scopes that defer, lease, fail, time out, lose their client and end in any way`, async () => {
  const { collections } = await checkAsyncModel(
    20_261,
    () => engine.collect("major"),
    () => new World(),
  );
  const least = Math.min(seen.ended / 10, seen.refused, seen.failed, seen.resets);
  assert.ok(least > 1000 && collections > 0, JSON.stringify({ ...seen, collections }));
});

test.run();
