/**
 * Where pooling pays and where it does not: a heavy object and a tiny one, made anew or reused. In the process's own CPU
 * time, collections included.
 *
 * @module
 */
import { createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/pool/object-pool.ts";
import type { ObjectPoolStats } from "../../src/pool/options.ts";
import { type Candidate, cpuMs, type Measured, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report, Target } from "../report.ts";
import { ratios, spread } from "../statistics.ts";

/** What an encoder brings along: where its output grows, the names it knows by number, and a class for each character. */
interface Encoder {
  readonly output: Uint8Array;
  readonly names: Map<string, number>;
  readonly classes: Uint8Array;
  used: number;
}

const NAMES = Array.from({ length: 64 }, (_, i) => `x-header-name-${i}`);

function createEncoder(): Encoder {
  const classes = new Uint8Array(256);
  for (let code = 0; code < 256; code++) classes[code] = code < 32 ? 0 : code < 128 ? 1 : 2;
  return {
    output: new Uint8Array(65_536),
    names: new Map(NAMES.map((name, number) => [name, number])),
    classes,
    used: 0,
  };
}

/** Only what was used needs to be wiped. */
function resetEncoder(encoder: Encoder): void {
  encoder.output.fill(0, 0, encoder.used);
  encoder.used = 0;
}

function useEncoder(encoder: Encoder, i: number): number {
  const { output, names, classes } = encoder;
  output[encoder.used++] = names.get(NAMES[i & 63]!)!;
  for (let k = 0; k < 15; k++) output[encoder.used++] = classes[(i + k) & 255]!;
  return output[i & 15]!;
}

/** What a request might build its answer in. */
interface Rows {
  readonly fields: Map<string, number>;
  readonly rows: Float64Array;
  readonly marks: Uint8Array;
  readonly buffer: Uint8Array;
  used: number;
}

function createRows(): Rows {
  return {
    fields: new Map(),
    rows: new Float64Array(256),
    marks: new Uint8Array(512),
    buffer: new Uint8Array(4096),
    used: 0,
  };
}

function resetRows(made: Rows): void {
  made.fields.clear();
  made.rows.fill(0, 0, made.used);
  made.marks.fill(0, 0, made.used);
  made.buffer.fill(0, 0, made.used);
  made.used = 0;
}

function useRows(made: Rows, i: number): number {
  made.fields.set("id", i);
  made.rows[3] = i;
  made.marks[3] = 1;
  made.buffer[3] = i;
  made.used = 16;
  return made.buffer[3]! + made.fields.size;
}

/** What one use costs with a new object each time, and with one from the pool. */
function candidates<T extends object>(
  name: string,
  create: () => T,
  use: (made: T, i: number) => number,
  pool: ObjectPool<T>,
): [Candidate, Candidate] {
  return [
    {
      name: `${name}, made anew`,
      run(n) {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += use(create(), i);
        return sum;
      },
    },
    {
      name: `${name}, from an ObjectPool`,
      run(n) {
        let sum = 0;
        for (let i = 0; i < n; i++) {
          const made = pool.acquire();
          sum += use(made, i);
          pool.release(made);
        }
        return sum;
      },
      note: () => figures(pool.getStats()),
    },
  ];
}

interface Tiny {
  x: number;
  y: number;
}

function tinyCandidates(pool: ObjectPool<Tiny>): Candidate[] {
  // Kept for a while, as a request would keep it: an object that never leaves its function costs nothing at all.
  const kept: Tiny[] = Array.from({ length: 16 }, () => ({ x: 0, y: 0 }));
  const leased: Tiny[] = Array.from({ length: 16 }, () => pool.acquire());
  return [
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
          pool.release(before);
          const object = pool.acquire();
          object.x = i & 7;
          object.y = i;
          leased[i & 15] = object;
        }
        return sum;
      },
      note: () => figures(pool.getStats()),
    },
  ];
}

export async function run(plan: Plan): Promise<Report> {
  const core = createCore();
  const encoders = new ObjectPool(core, { name: "encoder", factory: createEncoder, reset: resetEncoder });
  const encoder = candidates("encoder", createEncoder, useEncoder, encoders);
  const rowsPool = new ObjectPool(core, { name: "rows", factory: createRows, reset: resetRows });
  const rows = candidates("rows", createRows, useRows, rowsPool);
  const tiny = tinyCandidates(new ObjectPool<Tiny>(core, { name: "tiny", factory: () => ({ x: 0, y: 0 }) }));
  const encoderMeasured = await measure(encoder, plan, cpuMs);
  const rowsMeasured = await measure(rows, plan, cpuMs);
  // Little is compared here: more rounds, against the noise of collections.
  const tinyMeasured = await measure(tiny, { ...plan, rounds: 3 * plan.rounds }, cpuMs);
  const pooled: Target = {
    name: "heavy object (encoder): made anew to pooled",
    unit: "x",
    bound: "least",
    limit: 20,
    measured: spread(of(encoderMeasured, encoder[0]!, encoder[1]!)),
  };
  return {
    sections: [
      section("an encoder: 64 KB, 64 names, a table", encoder, encoderMeasured, encoder[0]!.name),
      section("a Map, two arrays and a 4 KB buffer", rows, rowsMeasured, rows[0]!.name),
      section("two numbers: pooling gains nothing", tiny, tinyMeasured, tiny[0]!.name),
    ],
    targets: [
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
    ],
  };
}

function of(measured: Measured, one: Candidate, other: Candidate): number[] {
  return ratios(measured.get(one.name)!, measured.get(other.name)!);
}

function figures({ mode, factoryNs, pooledNs }: ObjectPoolStats): string {
  return `${mode}: ${factoryNs?.toFixed(0) ?? "?"} ns to make, ${pooledNs?.toFixed(0) ?? "?"} to reuse`;
}

const MOST = 100_000;

/** Acquires until a new pool of tiny objects goes out of the way; `MOST` where it does not. */
function untilBypass(): number {
  const pool = new ObjectPool<Tiny>(createCore(), { name: "tiny", factory: () => ({ x: 0, y: 0 }) });
  for (let acquires = 1; acquires < MOST; acquires++) {
    pool.release(pool.acquire());
    if (acquires % 64 === 0 && pool.getStats().mode === "bypass") return acquires;
  }
  return MOST;
}
