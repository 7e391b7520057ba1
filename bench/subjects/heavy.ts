/**
 * Where pooling pays and where it does not: a heavy object and a tiny one, made anew or reused.
 *
 * @module
 */
import { createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/pool/object-pool.ts";
import type { ObjectPoolStats } from "../../src/pool/options.ts";
import { type Candidate, type Measured, measure, section } from "../harness.ts";
import type { Report, Target } from "../report.ts";
import { ratios, spread } from "../statistics.ts";
import type { Plan } from "../subjects.ts";

/** What a request might build its answer in. */
interface Heavy {
  readonly fields: Map<string, number>;
  readonly rows: Float64Array;
  readonly marks: Uint8Array;
  readonly buffer: Uint8Array;
  used: number;
}

function createHeavy(): Heavy {
  return {
    fields: new Map(),
    rows: new Float64Array(256),
    marks: new Uint8Array(512),
    buffer: new Uint8Array(4096),
    used: 0,
  };
}

/** Only what was used needs to be wiped. */
function resetHeavy(heavy: Heavy): void {
  heavy.fields.clear();
  heavy.rows.fill(0, 0, heavy.used);
  heavy.marks.fill(0, 0, heavy.used);
  heavy.buffer.fill(0, 0, heavy.used);
  heavy.used = 0;
}

function useHeavy(heavy: Heavy, i: number): number {
  heavy.fields.set("id", i);
  heavy.rows[3] = i;
  heavy.marks[3] = 1;
  heavy.buffer[3] = i;
  heavy.used = 16;
  return heavy.buffer[3]! + heavy.fields.size;
}

interface Tiny {
  x: number;
  y: number;
}

export async function run(plan: Plan): Promise<Report> {
  const core = createCore();
  const heavies = new ObjectPool<Heavy>(core, { name: "heavy", factory: createHeavy, reset: resetHeavy });
  const tinies = new ObjectPool<Tiny>(core, { name: "tiny", factory: () => ({ x: 0, y: 0 }) });
  const heavy: Candidate[] = [
    {
      name: "heavy, made anew",
      run(n) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += useHeavy(createHeavy(), i);
        return sum;
      },
    },
    {
      name: "heavy, from an ObjectPool",
      run(n) {
        let sum = 0;
        for (let i = 0; i < n; i++) {
          const object = heavies.acquire();
          sum += useHeavy(object, i);
          heavies.release(object);
        }
        return sum;
      },
    },
  ];
  // Kept for a while, as a request would keep it: an object that never leaves its function costs nothing at all.
  const kept: Tiny[] = Array.from({ length: 16 }, () => ({ x: 0, y: 0 }));
  const leased: Tiny[] = Array.from({ length: 16 }, () => tinies.acquire());
  const tiny: Candidate[] = [
    {
      name: "tiny, made anew",
      run(n) {
        let sum = 0;
        for (let i = 0; i < n; i++) {
          sum += kept[i & 15]!.x;
          kept[i & 15] = { x: i & 7, y: i };
        }
        return sum;
      },
    },
    {
      name: "tiny, from an ObjectPool",
      run(n) {
        let sum = 0;
        for (let i = 0; i < n; i++) {
          const before = leased[i & 15]!;
          sum += before.x;
          tinies.release(before);
          const object = tinies.acquire();
          object.x = i & 7;
          object.y = i;
          leased[i & 15] = object;
        }
        return sum;
      },
    },
  ];
  heavy[1]!.note = () => figures(heavies.getStats());
  tiny[1]!.note = () => figures(tinies.getStats());
  const heavyMeasured = await measure(heavy, plan);
  const tinyMeasured = await measure(tiny, plan);
  return {
    sections: [
      section("a Map, two arrays and a 4 KB buffer, reset by use", heavy, heavyMeasured, heavy[0]!.name),
      section("two numbers: pooling gains nothing", tiny, tinyMeasured, tiny[0]!.name),
    ],
    targets: targets(plan, heavyMeasured, heavy, tinyMeasured, tiny),
  };
}
function targets(
  plan: Plan,
  heavyMeasured: Measured,
  heavy: readonly Candidate[],
  tinyMeasured: Measured,
  tiny: readonly Candidate[],
): Target[] {
  const pooled: Target = {
    name: "heavy object: made anew to pooled",
    unit: "x",
    bound: "least",
    limit: 20,
    measured: spread(of(heavyMeasured, heavy[0]!, heavy[1]!)),
  };
  return [
    ...(plan.runtime === "bun" ? [] : [pooled]),
    {
      name: "tiny object: bypassed pool to made anew",
      unit: "x",
      bound: "most",
      limit: 1.15,
      measured: spread(of(tinyMeasured, tiny[1]!, tiny[0]!)),
    },
    {
      name: "acquires until a tiny object is bypassed",
      unit: "acquires",
      bound: "most",
      limit: 10_000,
      measured: spread(Array.from({ length: plan.rounds }, () => untilBypass())),
    },
  ];
}

function of(measured: Measured, one: Candidate, other: Candidate): number[] {
  return ratios(measured.get(one.name)!, measured.get(other.name)!);
}

function figures({ mode, factoryNs, pooledNs }: ObjectPoolStats): string {
  return `${mode}: ${factoryNs?.toFixed(0) ?? "?"} ns to make, ${pooledNs?.toFixed(0) ?? "?"} to reuse`;
}

/** Acquires until a new pool of tiny objects goes out of the way; a million where it does not. */
function untilBypass(): number {
  const pool = new ObjectPool<Tiny>(createCore(), { name: "tiny", factory: () => ({ x: 0, y: 0 }) });
  for (let acquires = 1; acquires < 1_000_000; acquires++) {
    pool.release(pool.acquire());
    if (pool.getStats().mode === "bypass") return acquires;
  }
  return 1_000_000;
}
