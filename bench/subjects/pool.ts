/**
 * Acquire and release of an object that costs nothing to reset: what the pool itself adds.
 *
 * @module
 */
import { createPool } from "generic-pool";
import reusify from "reusify";
import { Pool as TarnPool } from "tarn";
import { type Core, createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/pool/object-pool.ts";
import { type Candidate, type Measured, measure, section } from "../harness.ts";
import { CheckedPool, UncheckedPool } from "../peers/plain-pools.ts";
import type { Plan } from "../plan.ts";
import type { Report, Target } from "../report.ts";
import { ratios, spread } from "../statistics.ts";

interface Thing {
  uses: number;
}
const create = (): Thing => ({ uses: 0 });
const MAX_SIZE = 100;

function uncheckedStack(): Candidate {
  const pool = new UncheckedPool(create);
  return {
    name: "plain stack, unchecked",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const object = pool.acquire();
        sum += ++object.uses & 1;
        pool.release(object);
      }
      return sum;
    },
  };
}

function checkedPool(): Candidate {
  const pool = new CheckedPool(create, MAX_SIZE);
  return {
    name: "plain pool, checked (Set)",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const object = pool.acquire();
        sum += ++object.uses & 1;
        pool.release(object);
      }
      return sum;
    },
  };
}

/** As its documentation has it: `acquire` is awaited, `release` is not. */
function genericPool(): Candidate {
  const pool = createPool<Thing>(
    { create: async () => create(), destroy: async () => {} },
    { min: 0, max: MAX_SIZE },
  );
  return {
    name: "generic-pool",
    async run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const object = await pool.acquire();
        sum += ++object.uses & 1;
        pool.release(object);
      }
      return sum;
    },
  };
}

/** A stack behind one function each, for objects that bring a field for it. Nothing is checked. */
function reusified(): Candidate {
  class Linked implements Thing {
    uses = 0;
    next: Linked | null = null;
  }
  const pool = reusify(Linked);
  return {
    name: "reusify",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const object = pool.get();
        sum += ++object.uses & 1;
        pool.release(object);
      }
      return sum;
    },
  };
}

function tarn(): Candidate {
  const pool = new TarnPool<Thing>({ create: async () => create(), destroy() {}, min: 0, max: MAX_SIZE });
  return {
    name: "tarn",
    async run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const object = await pool.acquire().promise;
        sum += ++object.uses & 1;
        pool.release(object);
      }
      return sum;
    },
  };
}

/** What a pool would cost that asks the core for each step: an unchecked stack, and two calls that do nothing. */
function stackAndCalls(core: Core): Candidate {
  const pool = new UncheckedPool(create);
  const nothing = core.exports.scratchAddress;
  return {
    name: "plain stack and two empty calls into the core",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const object = pool.acquire();
        sum += (++object.uses & 1) + (nothing() & 1);
        pool.release(object);
        sum += nothing() & 1;
      }
      return sum;
    },
  };
}

export async function run(plan: Plan): Promise<Report> {
  const core = createCore();
  const byHandle = new ObjectPool<Thing>(core, {
    name: "by handle",
    factory: create,
    maxSize: MAX_SIZE,
    mode: "pooling",
  });
  const byObject = new ObjectPool<Thing>(core, {
    name: "by object",
    factory: create,
    maxSize: MAX_SIZE,
    mode: "pooling",
  });
  const handle: Candidate = {
    name: "ObjectPool by handle",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const lease = byHandle.acquireHandle();
        // A handle is a number with a fraction.
        if (lease > 1e6) sum += 1;
        byHandle.releaseHandle(lease);
      }
      return sum;
    },
  };
  const handleUsed: Candidate = {
    name: "ObjectPool by handle, with get",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const lease = byHandle.acquireHandle();
        sum += ++byHandle.get(lease).uses & 1;
        byHandle.releaseHandle(lease);
      }
      return sum;
    },
  };
  const object: Candidate = {
    name: "ObjectPool by object",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const leased = byObject.acquire();
        sum += ++leased.uses & 1;
        byObject.release(leased);
      }
      return sum;
    },
  };
  const stack = uncheckedStack();
  const generic = genericPool();
  const candidates = [
    stack,
    stackAndCalls(core),
    reusified(),
    checkedPool(),
    handle,
    handleUsed,
    object,
    generic,
    tarn(),
  ];
  const measured = await measure(candidates, plan);
  return {
    sections: [section("pool, acquire and release", candidates, measured, stack.name)],
    targets: [
      against("pool by handle to an unchecked stack", "most", 2, measured, handle, stack),
      against("pool by object to an unchecked stack", "most", 4, measured, object, stack),
      against("generic-pool to pool by handle", "least", 20, measured, generic, handle),
      against("generic-pool to pool by object", "least", 20, measured, generic, object),
    ],
  };
}

function against(
  name: string,
  bound: Target["bound"],
  limit: number,
  measured: Measured,
  candidate: Candidate,
  reference: Candidate,
): Target {
  const values = ratios(measured.get(candidate.name)!, measured.get(reference.name)!);
  return { name, unit: "x", bound, limit, measured: spread(values) };
}
