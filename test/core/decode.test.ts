import { test } from "uvu";
import * as assert from "uvu/assert";
import { decode } from "../../src/core/instance.ts";
import { Random } from "../support/random.ts";

/** Runs without some properties that a host may lack. */
function without<T>(hidden: readonly (readonly [object, string])[], run: () => T): T {
  const found = hidden.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name));
  for (const [owner, name] of hidden) Reflect.deleteProperty(owner, name);
  try {
    return run();
  } finally {
    hidden.forEach(([owner, name], i) => {
      if (found[i] !== undefined) Object.defineProperty(owner, name, found[i]);
    });
  }
}

const ownWay = [Uint8Array, "fromBase64"] as const;
const nodeWay = [globalThis, "Buffer"] as const;

for (const [host, hidden] of [
  ["as this runtime does it", []],
  ["without Uint8Array.fromBase64", [ownWay]],
  ["where there is neither that nor Buffer", [ownWay, nodeWay]],
] as const) {
  test(`bytes from base64: ${host}`, () => {
    const random = new Random(64);
    for (let length = 0; length < 100; length++) {
      const bytes = Uint8Array.from({ length }, () => random.int(0, 255));
      const text = btoa(String.fromCharCode(...bytes));
      const decoded = without(hidden, () => decode(text));
      assert.equal([...decoded], [...bytes], `${length} bytes`);
    }
  });
}

test.run();
