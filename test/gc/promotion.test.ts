import { test } from "uvu";
import * as assert from "uvu/assert";
import { PromotionWatch } from "../../src/gc/promotion.ts";

const spaces = (oldBytes: number) => [
  { name: "new_space", usedBytes: 1e6, totalBytes: 2e6, young: true },
  { name: "old_space", usedBytes: oldBytes, totalBytes: 2e6 },
  { name: "large_object_space", usedBytes: 10, totalBytes: 20 },
];

test("nothing is told before two readings", () => {
  const watch = new PromotionWatch();
  assert.is(watch.total, undefined);
  watch.seen("minor", spaces(100));
  assert.is(watch.total, undefined);
  watch.seen("minor", undefined);
  assert.is(watch.total, undefined);
});

test("the growth of all but the young spaces; a major's fall is not promotion, and hides none of the growth before", () => {
  const watch = new PromotionWatch();
  watch.seen("major", spaces(100));
  watch.seen("minor", spaces(130));
  watch.seen("minor", spaces(170));
  assert.equal(watch.total, { bytes: 70, minors: 2 });
  watch.seen("major", spaces(90));
  watch.seen("minor", spaces(95));
  assert.equal(watch.total, { bytes: 75, minors: 3 });
});

test("a young collection behind which less lies there than before promoted nothing that could be seen", () => {
  const watch = new PromotionWatch();
  watch.seen("major", spaces(100));
  watch.seen("minor", spaces(60));
  assert.equal(watch.total, { bytes: 0, minors: 1 });
  watch.seen("minor", spaces(80));
  assert.equal(watch.total, { bytes: 20, minors: 2 });
});

test.run();
