const middleOf = (ascending: readonly number[], behind: number): number =>
  (ascending[behind]! + ascending.at(-1 - behind)!) / 2;

const choose = (n: number, k: number): number =>
  k < 0 || k > n
    ? 0
    : Array.from({ length: k }, (_, i) => (n - i) / (k - i)).reduce((product, each) => product * each, 1);

/** By Fisher's exact test: whether no more of these lie below so many bytes than chance allows, given how many of all do. */
function outranks(
  these: readonly number[],
  those: readonly number[],
  bytes: number,
  chance: number,
): boolean {
  const low = these.filter((each) => each < bytes).length;
  const lows = low + those.filter((each) => each < bytes).length;
  if (low === 0 && lows === those.length) return true;
  let ways = 0;
  for (let k = 0; k <= low; k++) ways += choose(these.length, k) * choose(those.length, lows - k);
  return ways / choose(these.length + those.length, lows) <= chance;
}

/** Which routes leave most, told from all samples at once. `drifts`: from their middles and how far they scatter. */
export function naiveSurvivors(
  routes: readonly { readonly requests: number; readonly kept: readonly number[] }[],
  minSamples: number,
  drifts: boolean,
): { least: number; ranked: number[][] } | undefined {
  const judged = routes
    .map(({ requests, kept }, index) => ({
      index,
      requests,
      kept: kept.filter((bytes) => drifts || bytes >= 0).slice(0, 31),
    }))
    .filter(({ kept }) => kept.length >= minSamples)
    .map(({ index, requests, kept }) => {
      const ascending = [...kept].sort((a, b) => a - b);
      const quarter = Math.floor(kept.length / 4);
      const quartiles = ascending.at(-1 - quarter)! - ascending[quarter]!;
      const middle = middleOf(ascending, Math.floor(kept.length / 2));
      return {
        index,
        requests,
        samples: kept.length,
        bytes: drifts ? middle : ascending[Math.floor(kept.length / 8)]!,
        kept,
        error: (0.93 * quartiles) / Math.sqrt(kept.length),
      };
    });
  if (judged.length < 2) return undefined;
  const least = Math.min(...judged.map(({ bytes }) => bytes));
  const lowest = judged.find(({ bytes }) => bytes === least)!;
  const chance = ({ error }: { error: number }): number =>
    drifts ? (3 + Math.log2(judged.length) / 2) * Math.sqrt(error ** 2 + lowest.error ** 2) : least * 0.05;
  const leaving = judged
    .filter((one) => one.bytes - least >= Math.max(256, chance(one)))
    .filter(
      (one) => drifts || outranks(one.kept, lowest.kept, (one.bytes + least) / 2, 0.02 / (judged.length - 1)),
    );
  const total = (one: { bytes: number; requests: number }): number => (one.bytes - least) * one.requests;
  const all = leaving.reduce((sum, one) => sum + total(one), 0);
  const ranked = leaving
    .sort((a, b) => total(b) - total(a))
    .slice(0, 10)
    .map((one) => [one.index, one.requests, one.samples, one.bytes - least, total(one), total(one) / all]);
  return { least, ranked };
}
