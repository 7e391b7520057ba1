// Leaks of different kinds, each on its own line; and what is made and let go of. Plain JavaScript, so that
// each runtime sees the same lines.
const kept = { map: new Map(), closures: [], list: [], text: [], buffers: [] };

class Session {
  constructor(id) {
    this.id = id;
    this.data = new Array(60).fill(id);
  }
}

export const leaks = [
  function fillsMap(i) {
    kept.map.set(kept.map.size, { i, rows: [i, i + 1, i + 2, i + 3, i + 4], name: { first: i } });
  },
  function pilesUpClosures(i) {
    const big = new Array(100).fill(i);
    kept.closures.push(() => big.length + i);
  },
  function keepsArrays(i) {
    kept.list.push([i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i, i]);
  },
  function joinsTexts(i) {
    kept.text.push(`${i} `.repeat(60).split(" ").join("-"));
  },
];

export function keepsSessions(i) {
  kept.list.push(new Session(i));
}

let recent = [];
export function cachesTheLast(i) {
  recent.push({ i, rows: new Array(50).fill(i) });
  if (recent.length > 2000) recent = recent.slice(1000);
}

export function litters(i) {
  let sum = 0;
  for (let k = 0; k < 20; k++) sum += new Array(64).fill(i + k).length;
  return sum;
}

export function letGo() {
  kept.map.clear();
  kept.closures = [];
  kept.list = [];
  kept.text = [];
  kept.buffers = [];
  recent = [];
}
