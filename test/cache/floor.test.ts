import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { WeakCache, type WeakCacheOptions } from "../../src/index.ts";
import { floor } from "../support/floor.ts";
import { loadPort } from "../support/port.ts";
import { Random } from "../support/random.ts";

interface Value {
  readonly id: number;
}

const ROUNDS = 10;
const OPERATIONS = 100_000;
const KEYS = 5000;
const port = await loadPort();
const core = createCore();
/** Values that live on, so that finalizers would gather if none were taken back. */
const keys: readonly string[] = Array.from({ length: KEYS }, (_, id) => `k${id}`);
const living: readonly Value[] = Array.from({ length: KEYS }, (_, id) => ({ id }));

function operate(cache: WeakCache<string, Value>, random: Random): void {
  for (let i = 0; i < OPERATIONS; i++) {
    const id = random.int(0, KEYS - 1);
    const choice = random.next();
    if (choice < 0.85) cache.get(keys[id]!);
    else if (choice < 0.95) cache.put(keys[id]!, random.chance(0.5) ? living[id]! : { id });
    else if (choice < 0.99) cache.delete(keys[id]!);
    else if (choice < 0.9999) void cache.getOrCreate(keys[id]!, () => ({ id }));
    else cache.clear();
  }
}

const CASES: Record<string, Partial<WeakCacheOptions<string, Value>>> = {
  "weak, finalizers on": {},
  "weak, finalizers off": { finalizers: false },
  "strong, finalizers on": { tier: "strong+weak", maxBytes: 40_000, sizeOf: () => 100, demotion: "always" },
  "strong, finalizers off": { tier: "strong+weak", maxBytes: 40_000, sizeOf: () => 100, finalizers: false },
};

for (const [name, own] of Object.entries(CASES)) {
  test(`${name}: ${ROUNDS} rounds of ${OPERATIONS} operations leave a flat floor`, async () => {
    const cache = new WeakCache<string, Value>(core, { name, maxSize: 1000, ...own });
    const random = new Random(20_261_127);
    const floors: number[] = [];
    const wasm: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      operate(cache, random);
      // What is held differs from round to round: the floor is that of an empty cache.
      cache.clear();
      floors.push(await floor(port));
      wasm.push(core.memoryBytes);
    }
    // The first rounds warm up the engine's own tables and code.
    const early = Math.max(...floors.slice(2, 5));
    const late = Math.min(...floors.slice(7));
    assert.ok(late <= early * 1.02, `floors: ${floors.map(Math.round).join(", ")}`);
    assert.is(wasm.at(-1), wasm[1], "the core's memory");
  });
}

test.run();
