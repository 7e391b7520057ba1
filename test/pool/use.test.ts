import { test } from "uvu";
import * as assert from "uvu/assert";
import type { VelithonError } from "../../src/index.ts";
import { type Box, boxes } from "../support/boxes.ts";
import { rejection } from "../support/throws.ts";

test("use: taken back when fn has returned, thrown, or its promise has settled", async () => {
  const pool = boxes();
  const inUse = (): number => pool.getStats().inUse;
  assert.is(
    pool.use((box) => {
      assert.is(inUse(), 1);
      return box.id;
    }),
    1,
  );
  assert.is(inUse(), 0);
  assert.throws(
    () =>
      pool.use(() => {
        throw new Error("handler");
      }),
    /handler/,
  );
  assert.is(inUse(), 0);

  let finish = (_: string): void => {};
  const pending = pool.use(
    () =>
      new Promise<string>((resolve) => {
        finish = resolve;
      }),
  );
  await Promise.resolve();
  assert.is(inUse(), 1, "still in use while the promise is pending");
  finish("done");
  assert.is(await pending, "done");
  assert.is(inUse(), 0);

  const settle: ((value: number) => void)[] = [];
  // biome-ignore lint/suspicious/noThenProperty: a promise of another library
  const waiting = pool.use(() => ({ then: (resolve: (value: number) => void) => void settle.push(resolve) }));
  await Promise.resolve();
  assert.is(inUse(), 1, "whatever has a then is waited for");
  settle[0]!(3);
  assert.is(await (waiting as unknown as Promise<number>), 3);
  assert.is(inUse(), 0);

  const failing = pool.use(() => Promise.reject(new Error("later")));
  assert.is(inUse(), 1);
  assert.match(String(await rejection(failing)), /later/);
  assert.is(inUse(), 0);
  assert.is(pool.getStats().created, 1, "one object served them all");
});

test("use: what fn throws is told also where giving back fails", async () => {
  const pool = boxes();
  const fail = (box: Box): never => {
    pool.release(box);
    throw new Error("handler");
  };
  const told = (error: unknown): unknown[] => [
    (error as { suppressed: Error }).suppressed.message,
    (error as { error: VelithonError }).error.code,
  ];
  try {
    pool.use(fail);
    assert.unreachable();
  } catch (error) {
    assert.equal(told(error), ["handler", "DOUBLE_RELEASE"]);
  }
  assert.equal(told(await rejection(pool.use(async (box) => fail(box)))), ["handler", "DOUBLE_RELEASE"]);
});

test.run();
