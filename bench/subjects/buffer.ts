/**
 * Where a pool of buffers pays and where it does not: bytes made anew or reused, by size and by how much of
 * them is written; and what it costs to zero a buffer and to take it away from its holder.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createCore } from "../../src/core/index.ts";
import type { BufferPoolOptions } from "../../src/pool/buffer-options.ts";
import { BufferPool } from "../../src/pool/buffer-pool.ts";
import { type Candidate, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report, Section } from "../report.ts";

const KIB = 1024;
const SIZES: readonly [bytes: number, text: string][] = [
  [4 * KIB, "4 KiB"],
  [16 * KIB, "16 KiB"],
  [64 * KIB, "64 KiB"],
  [1024 * KIB, "1 MiB"],
];

/** What a holder does with its bytes: writes the first, or all of them. */
type Use = (view: Uint8Array) => number;

/** Not the view's own method: `Buffer` has another, slower one on Deno. */
const { fill } = Uint8Array.prototype;

const USES: readonly [use: Use, text: string][] = [
  [
    (view) => {
      view[0] = 1;
      return view.length & 1;
    },
    "first byte written",
  ],
  [(view) => fill.call(view, 1).length & 1, "all written"],
];

type Resizable = new (byteLength: number, options: { maxByteLength: number }) => ArrayBuffer;

function anew(name: string, make: () => Uint8Array, use: Use): Candidate {
  return {
    name,
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += use(make());
      return sum;
    },
  };
}

function pooled(name: string, bytes: number, use: Use, options: Omit<BufferPoolOptions, "name">): Candidate {
  const pool = new BufferPool(createCore(), { name: "buffers", ...options });
  return {
    name,
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const view = pool.acquire(bytes);
        sum += use(view);
        pool.release(view);
      }
      return sum;
    },
    note() {
      const { unrevoked, reuseRatio = 0 } = pool.getStats();
      return `${(reuseRatio * 100).toFixed(1)} % reused${unrevoked > 0 ? ", not taken away" : ""}`;
    },
  };
}

async function makeOrReuse(plan: Plan): Promise<Section[]> {
  const sections: Section[] = [];
  for (const [bytes, size] of SIZES) {
    for (const [use, written] of USES) {
      const candidates = [
        anew("new Uint8Array", () => new Uint8Array(bytes), use),
        anew("Buffer.allocUnsafe, fill(0)", () => Buffer.allocUnsafe(bytes).fill(0), use),
        anew("Buffer.allocUnsafe, not zeroed", () => Buffer.allocUnsafe(bytes), use),
        pooled("BufferPool", bytes, use, {}),
        pooled("BufferPool, not zeroed", bytes, use, { zeroOnRelease: false }),
      ];
      const measured = await measure(candidates, plan);
      sections.push(section(`${size}, ${written}`, candidates, measured, candidates[0]!.name));
    }
  }
  return sections;
}

async function resizable(plan: Plan): Promise<Section[]> {
  const sections: Section[] = [];
  const [use, written] = USES[1]!;
  for (const [bytes, size] of SIZES) {
    const make = () =>
      new Uint8Array(new (ArrayBuffer as Resizable)(bytes / 2 + 1, { maxByteLength: bytes }));
    const candidates = [
      anew("new ArrayBuffer", make, use),
      pooled("BufferPool", bytes / 2 + 1, use, { resizable: true }),
    ];
    const measured = await measure(candidates, plan);
    sections.push(
      section(
        `resizable up to ${size}, half of it used, ${written}`,
        candidates,
        measured,
        "new ArrayBuffer",
      ),
    );
  }
  return sections;
}

/** Moves one buffer again and again, as a pool that is always hit does. */
function moving(name: string, buffer: ArrayBuffer, move: (buffer: ArrayBuffer) => ArrayBuffer): Candidate {
  let current = buffer;
  return {
    name,
    run(n) {
      for (let i = 0; i < n; i++) current = move(current);
      return current.byteLength & 1;
    },
  };
}

const clone = (buffer: ArrayBuffer): ArrayBuffer => structuredClone(buffer, { transfer: [buffer] });
const transfer = (buffer: ArrayBuffer): ArrayBuffer =>
  (buffer as unknown as { transfer(): ArrayBuffer }).transfer();

async function takeAway(plan: Plan): Promise<Section[]> {
  const sections: Section[] = [];
  for (const [bytes, size] of SIZES) {
    const buffers = (name: string, move: (buffer: ArrayBuffer) => ArrayBuffer) => [
      moving(name, new ArrayBuffer(bytes), move),
      moving(`${name}, resizable`, new (ArrayBuffer as Resizable)(bytes, { maxByteLength: bytes }), move),
    ];
    const view = new Uint8Array(bytes);
    const candidates = [
      anew(
        "fill(0)",
        () => view,
        (given) => given.fill(0).length & 1,
      ),
      ...buffers("structuredClone", clone),
      ...("transfer" in ArrayBuffer.prototype ? buffers("transfer", transfer) : []),
    ];
    const measured = await measure(candidates, plan);
    sections.push(section(`${size}: zeroed, and taken away`, candidates, measured, "fill(0)"));
  }
  return sections;
}

export async function run(plan: Plan): Promise<Report> {
  const sections = [...(await makeOrReuse(plan)), ...(await resizable(plan)), ...(await takeAway(plan))];
  return { sections, targets: [] };
}
