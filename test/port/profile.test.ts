import { test } from "uvu";
import * as assert from "uvu/assert";
import type { CollectionProfile, ProfiledCollection } from "../../src/shared/port.ts";
import { loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

const port = await loadPort();
const MB = 1024 * 1024;

/** Of a size that no minor collection is needed for. */
const hold = (mb: number): unknown[] => Array.from({ length: mb }, (_, i) => new Array(MB / 8).fill(i));

if (port.name !== "bun") {
  test("a collection is told once: its kind, its time in ms, what it freed and what it left", async () => {
    const profile = port.profileCollections()!;
    for (let round = 0; round < 2; round++) {
      let held: unknown[] | undefined = hold(16);
      assert.is(held.length, 16);
      port.collect("major");
      profile.take();
      held = undefined;
      await turn();
      const start = port.now();
      port.collect("major");
      const tookMs = port.now() - start;
      const left = port.readHeapUsedBytes()!;
      const majors = profile.take().filter(({ kind }) => kind === "major");
      assert.is(majors.length, 1, `in round ${round}`);
      const { durationMs, freedBytes, heapAfterBytes } = majors[0]!;
      assert.ok(durationMs! > tookMs / 100 && durationMs! <= tookMs, `${durationMs} of ${tookMs} ms`);
      assert.ok(freedBytes! > 12 * MB && freedBytes! < 40 * MB, `${freedBytes} bytes freed`);
      assert.ok(Math.abs(heapAfterBytes! - left) < 4 * MB, `${heapAfterBytes} bytes left, not ${left}`);
      assert.equal(profile.take(), []);
    }
    profile.close();
  });

  test("closed, it tells nothing any more", () => {
    const profile = port.profileCollections()!;
    profile.close();
    for (let i = 0; i < 2; i++) {
      assert.equal(profile.take(), []);
      port.collect("major");
    }
    profile.close();
  });
}

if (port.name !== "bun") {
  test("behind a few collections it watches on; behind many it rests where an observer tells of them too", () => {
    const profile = port.profileCollections()!;
    const seenBehind = (collections: number): number => {
      for (let i = 0; i < collections; i++) port.collect("major");
      assert.ok(profile.take().length >= collections);
      port.collect("major");
      return profile.take().length;
    };
    assert.ok(seenBehind(5) > 0);
    assert.is(seenBehind(20) > 0, !port.capabilities.observeCollections.available);
    profile.close();
  });
}

if (port.name === "bun") {
  /** Full collections, until one is told of. */
  const toldOf = async (profile: CollectionProfile): Promise<readonly ProfiledCollection[]> => {
    for (let i = 0; i < 50; i++) {
      assert.is(hold(1).length, 1);
      port.collect("major");
      await turn();
      const taken = profile.take();
      if (taken.length > 0) return taken;
    }
    return [];
  };

  test("full collections are told one by one, with what they left of the heap", async () => {
    const profile = port.profileCollections()!;
    const buffer = new Uint8Array(64 * MB);
    for (let round = 0; round < 3; round++) {
      const [only, ...more] = await toldOf(profile);
      assert.is(only?.kind, "major", `in round ${round}`);
      assert.equal(more, []);
      assert.ok(only!.heapAfterBytes! > MB / 4 && only!.heapAfterBytes! < 64 * MB, "without its buffers");
    }
    assert.is(buffer.length, 64 * MB);
    profile.close();
  });

  test("a minor collection is none of them", async () => {
    const profile = port.profileCollections()!;
    for (let i = 0; i < 5; i++) {
      assert.equal(profile.take(), []);
      port.collect("minor");
      await turn();
    }
    assert.equal(profile.take(), []);
    profile.close();
  });

  test("closed, it tells nothing any more", async () => {
    const profile = port.profileCollections()!;
    profile.close();
    assert.equal(await toldOf(profile), []);
  });
}

test.run();
