import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { type RemoveReason, WeakCache, type WeakCacheOptions } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";
import { throwsCode } from "../support/throws.ts";

interface Value {
  readonly id: number;
}

const port = await loadPort();
const core = createCore();
const MAX_BYTES = 100;
/** More keys than are held, so that each round misses and demotes. */
const KEYS = 300;
/** What finds the most that three windows of judging can take. */
const MANY_ROUNDS = 400;

/** Everything takes the time that it is told to take: a load, and each look at the clock else (a demotion is two looks). */
class Bench {
  nowMs = 0;
  loadMs = 0;
  readonly lookMs = 0.001;
  readonly log: string[] = [];
  readonly values: readonly Value[] = Array.from({ length: KEYS }, (_, id) => ({ id }));
  readonly cache: WeakCache<number, Value>;
  #loading = false;

  constructor(own: Partial<WeakCacheOptions<number, Value>> = {}) {
    const now = (): number => {
      this.nowMs += this.#loading ? 0 : this.lookMs;
      return this.nowMs;
    };
    this.cache = new WeakCache<number, Value>(
      core,
      {
        name: "judged",
        tier: "strong+weak",
        maxSize: 10 * KEYS,
        maxBytes: MAX_BYTES,
        sizeOf: () => 1,
        onRemove: (key: number, reason: RemoveReason, value?: Value) =>
          this.log.push(`${key} ${reason} ${value?.id}`),
        ...own,
      },
      { now },
    );
  }

  /** Reads all keys once, loading what is missing. */
  round(keys: readonly Value[] = this.values): void {
    for (const value of keys) {
      if (this.cache.get(value.id) !== undefined) continue;
      this.nowMs += this.loadMs;
      this.cache.put(value.id, value);
    }
  }

  /** Rounds until the mode is this one; how many. */
  until(mode: string, keys?: () => readonly Value[]): number {
    for (let round = 1; round <= MANY_ROUNDS; round++) {
      this.round(keys?.());
      if (this.strong.mode === mode) return round;
    }
    return assert.unreachable(`${mode} was not reached: ${JSON.stringify(this.strong)}`) as never;
  }

  get strong() {
    return this.cache.getStats().strong!;
  }
}

/** Values that nobody asks for twice. */
function strangers(): () => readonly Value[] {
  let next = KEYS;
  return () => Array.from({ length: KEYS }, () => ({ id: next++ }));
}

test("where nothing that was demoted is found again, entries that must leave the strong tier go, told and counted", () => {
  const bench = new Bench();
  bench.loadMs = 5;
  bench.until("bypass", strangers());
  const { savedNs, demotionNs, dropped, demoted } = bench.strong;
  assert.is(savedNs, 0);
  assert.ok(demotionNs! > 0);
  const before = { dropped, demoted, told: bench.log.length, evictions: bench.cache.getStats().evictions };
  bench.round(strangers()().map(({ id }) => ({ id: -id })));
  const after = bench.strong;
  assert.is(after.dropped + after.demoted - before.dropped - before.demoted, KEYS);
  assert.ok(after.demoted - before.demoted <= Math.ceil(KEYS / 64), "one in 64 is demoted still");
  const evictions = bench.cache.getStats().evictions - before.evictions;
  assert.ok(evictions >= after.dropped - before.dropped);
  assert.is(bench.log.length - before.told, evictions, "each is told");
  assert.match(bench.log.at(-1)!, /^-?\d+ evicted -?\d+$/);
});

test("where loads take long and values are found again, all are demoted, and all are found", () => {
  const bench = new Bench();
  bench.loadMs = 1;
  // Half of what is asked for was never there: so many loads are timed.
  const others = strangers();
  for (let round = 0; round < 40; round++) {
    bench.round();
    bench.round(others());
  }
  const { mode, savedNs, demotionNs, dropped } = bench.strong;
  assert.is(mode, "demoting");
  assert.ok(savedNs! > demotionNs!, `${savedNs} ns saved, ${demotionNs} spent`);
  assert.is(dropped, 0);
  for (const { id } of bench.values) assert.is(bench.cache.has(id), true);
});

test("demotions that begin to pay are taken up again, and given up again: by windows, not at once", () => {
  const bench = new Bench({ maxSize: KEYS });
  const others = strangers();
  bench.loadMs = 5;
  bench.until("bypass", others);
  // From now on each third key comes soon again.
  const again = (): readonly Value[] =>
    bench.values.flatMap((value, i) => [value, bench.values[(i + 180) % KEYS]!]);
  assert.ok(bench.until("demoting", again) > 3, "three windows at least");
  assert.ok(bench.until("bypass", others) > 3);
});

test("forced either way", () => {
  const always = new Bench({ demotion: "always" });
  const others = strangers();
  for (let round = 0; round < MANY_ROUNDS; round++) always.round(others());
  assert.equal(
    [always.strong.mode, always.strong.dropped, always.strong.savedNs],
    ["demoting", 0, undefined],
  );
  const never = new Bench({ demotion: "bypass" });
  never.loadMs = 5;
  for (let round = 0; round < 20; round++) never.round();
  assert.equal([never.strong.mode, never.strong.demoted, never.cache.size], ["bypass", 0, MAX_BYTES]);
});

test("an option that is none of the three, or for a tier that demotes nothing", () => {
  for (const demotion of ["weak", "", null, 1, true]) {
    throwsCode(
      () => new Bench({ demotion: demotion as never }),
      "INVALID_OPTION",
      "demotion",
      "auto, always or bypass",
    );
  }
  throwsCode(
    () => new WeakCache(core, { name: "weak", demotion: "always" }),
    "INVALID_OPTION",
    "demotion",
    'tier "strong+weak"',
  );
});

/** Puts values that nobody else holds. A function of its own, so that its frame keeps none. */
function putDropped(cache: WeakCache<number, Value>, count: number): void {
  for (let id = 0; id < count; id++) cache.put(id, { id });
}

const COUNT = 900;
const MOST = 700;

async function sizeAfterCollections(finalizers: boolean): Promise<number> {
  const { cache } = new Bench({ maxSize: 2 * COUNT, finalizers });
  putDropped(cache, COUNT);
  assert.is(cache.size, COUNT);
  for (let i = 0; i < 20 && (i < 5 || cache.size > COUNT - MOST); i++) {
    port.collect("major");
    await turn();
  }
  const { collected, size, strong } = cache.getStats();
  assert.is(strong?.size, MAX_BYTES, "what is held stays");
  assert.is(size + collected, COUNT);
  return size;
}

test("demoted values that were collected go after a collection by themselves; with finalizers: false they wait", async () => {
  assert.ok((await sizeAfterCollections(true)) <= COUNT - MOST);
  assert.is(await sizeAfterCollections(false), COUNT);
});

test.run();
