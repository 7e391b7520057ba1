import * as assert from "uvu/assert";

/** That `actual` is within `tolerance` (absolute) of `expected`; both may be `undefined`. */
export function near(
  actual: number | undefined,
  expected: number | undefined,
  tolerance: number,
  what: string,
): void {
  if (actual === expected) return;
  const distance = Math.abs((actual ?? Number.NaN) - (expected ?? Number.NaN));
  if (distance <= tolerance) return;
  assert.unreachable(`${what} is ${actual}; expected ${expected} within ${tolerance}`);
}

/** That two objects of plain values agree, field by field. */
export function same<T extends object>(actual: T, expected: T, what: string): void {
  const fields = Object.keys(expected) as (keyof T)[];
  assert.is(Object.keys(actual).length, fields.length, `${what}: number of fields`);
  for (const field of fields) {
    if (actual[field] !== expected[field]) {
      assert.unreachable(
        `${what}: ${String(field)} is ${String(actual[field])}; expected ${String(expected[field])}`,
      );
    }
  }
}
