/** What two readings of a clock in ms take by themselves, in ns: the least of 16, since whatever comes in between would be taken off every sample. */
export function clockCostNs(now: () => number): number {
  let ns = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 16; i++) {
    const start = now();
    ns = Math.min(ns, (now() - start) * 1e6);
  }
  return ns;
}
