import type { PressureInputs } from "../../src/pressure/level.ts";
import type { LastCollection, Pressure } from "../../src/pressure/pressure.ts";

const MB = 1024 * 1024;

/** So many MB in use, of 1000. */
export const memory = (used: number): PressureInputs => ({
  usedBytes: used * MB,
  limitBytes: 1000 * MB,
  heapUsedBytes: undefined,
  heapLimitBytes: undefined,
  stallRatio: undefined,
  lagMs: undefined,
});

/** Told before each decision, as the optimizer does. */
const lastOf = new WeakMap<Pressure, LastCollection>();

/** When each was due, in ms from the beginning. */
export interface Episode {
  readonly cleanup: number[];
  readonly collection: number[];
  readonly drain: number[];
}

/** Samples every 50 ms at one use of memory; when each kind of relief was due, every one freeing `freed` MB. */
export function episode(
  pressure: Pressure,
  used: number,
  from: number,
  ms: number,
  freed: number | undefined,
  tookMs = 0,
  lagMs?: number,
): Episode {
  const at: Episode = { cleanup: [], collection: [], drain: [] };
  for (let now = from; now <= from + ms; now += 50) {
    pressure.sample(now, { ...memory(used), lagMs });
    const last = lastOf.get(pressure);
    if (last) pressure.collected(last);
    const due = pressure.due(now);
    for (const kind of ["cleanup", "collection"] as const) {
      if (!due[kind]) continue;
      at[kind].push(now - from);
      pressure.relieved(kind, now, tookMs, freed === undefined ? undefined : freed * MB);
      if (kind === "collection") lastOf.set(pressure, { endedAtMs: now, tookMs });
    }
    if (due.drain) at.drain.push(now - from);
  }
  return at;
}
