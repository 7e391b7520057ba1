/** Which routes leave most, told from all samples at once. */
export function naiveSurvivors(
  routes: readonly { readonly requests: number; readonly kept: readonly number[] }[],
  minSamples: number,
): { least: number; ranked: number[][] } | undefined {
  const judged = routes
    .map(({ requests, kept }, index) => ({ index, requests, kept: kept.filter((b) => b >= 0).slice(0, 31) }))
    .filter(({ kept }) => kept.length >= minSamples)
    .map(({ index, requests, kept }) => {
      const ascending = [...kept].sort((a, b) => a - b);
      return {
        index,
        requests,
        samples: kept.length,
        low: ascending[Math.floor(kept.length / 8)]!,
        middle: ascending[Math.floor(kept.length / 2)]!,
      };
    });
  if (judged.length < 2) return undefined;
  const least = Math.min(...judged.map(({ low }) => low));
  const { middle } = judged.find(({ low }) => low === least)!;
  const leaving = judged.filter(({ low }) => low - least >= Math.max(256, least / 4, middle - least));
  const total = (one: { low: number; requests: number }): number => (one.low - least) * one.requests;
  const all = leaving.reduce((sum, one) => sum + total(one), 0);
  const ranked = leaving
    .sort((a, b) => total(b) - total(a))
    .slice(0, 10)
    .map((one) => [one.index, one.requests, one.samples, one.low - least, total(one), total(one) / all]);
  return { least, ranked };
}
