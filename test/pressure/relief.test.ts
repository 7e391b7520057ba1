import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { Admission } from "../../src/pressure/admission.ts";
import { Pressure } from "../../src/pressure/pressure.ts";
import { episode, memory } from "../support/episode.ts";
import { randomSteps } from "../support/random.ts";

const MB = 1024 * 1024;
const core = createGovernorCore();

test("normal: nothing is ever due", () => {
  assert.equal(episode(new Pressure(core), 600, 0, 20_000, 0), { cleanup: [], collection: [], drain: [] });
});

test("a late event loop lets go of nothing: it would have more to make anew", () => {
  const pressure = new Pressure(core);
  assert.equal(episode(pressure, 600, 0, 20_000, 0, 0, 5000), { cleanup: [], collection: [], drain: [] });
  assert.is(pressure.level, "high");
  const both = episode(new Pressure(core), 720, 0, 20_000, 14, 0, 5000);
  assert.equal(
    both,
    episode(new Pressure(core), 720, 0, 20_000, 14),
    "beside memory that is short: as without",
  );
});

test("elevated: clean-ups; those that free little wait 2, 4, 8 .. 60 s", () => {
  const little = episode(new Pressure(core), 720, 0, 200_000, 14);
  assert.equal(little.cleanup, [0, 2000, 6000, 14_000, 30_000, 62_000, 122_000, 182_000]);
  assert.equal(little.collection.slice(0, 3), [5000, 6000, 8000], "collections as well, after 5 s");
  const unknown = episode(new Pressure(core), 720, 0, 10_000, undefined);
  assert.equal(unknown.cleanup, [0, 2000, 6000], "cannot be told: counts as little");
  const good = episode(new Pressure(core), 720, 0, 4000, 20);
  assert.equal(good.cleanup, [0, 1000, 2000, 3000, 4000]);
});

test("a good one ends the back-off", () => {
  const pressure = new Pressure(core);
  episode(pressure, 720, 0, 20_000, 0);
  assert.equal(episode(pressure, 720, 100_000, 3000, 100).cleanup, [0, 1000, 2000, 3000]);
});

test("shedding comes before a collection: 50 ms at critical, 500 ms at high", () => {
  assert.equal(episode(new Pressure(core), 950, 0, 1100, 100).collection, [50, 550, 1050]);
  assert.equal(episode(new Pressure(core), 850, 0, 1100, 100).collection, [500, 1000]);
  assert.equal(episode(new Pressure(core), 950, 0, 8000, 0).collection, [50, 1050, 3050, 7050], "backs off");
});

test("collections rest for a multiple of what they take: 10 at critical, 20 at high, 100 at elevated", () => {
  assert.equal(episode(new Pressure(core), 950, 0, 3100, 100, 100).collection, [50, 1050, 2050, 3050]);
  assert.equal(episode(new Pressure(core), 850, 0, 4600, 100, 100).collection, [500, 2500, 4500]);
  assert.equal(episode(new Pressure(core), 720, 0, 26_000, 100, 100).collection, [5000, 15_000, 25_000]);
});

test("each level has its own clean-up, so that a worse level is not held up", () => {
  const pressure = new Pressure(core);
  // 5 s apart: a jump within a moment would count as growing fast.
  assert.equal(episode(pressure, 720, 0, 0, 0).cleanup, [0]);
  assert.equal(episode(pressure, 721, 1000, 0, 0).cleanup, [], "waits 2 s");
  assert.equal(episode(pressure, 850, 100_000, 0, 0).cleanup, [0]);
  assert.equal(episode(pressure, 851, 100_500, 0, 0).cleanup, []);
  assert.equal(episode(pressure, 950, 200_000, 0, 0).cleanup, [0]);
});

test("bodies turned away for want of room ask for collections, and for no clean-up, as long as they come", () => {
  const pressure = new Pressure(core);
  const admission = new Admission(core);
  let now = 0;
  const collections: number[] = [];
  const run = (ms: number, refuses: boolean) => {
    for (const until = now + ms; now < until; now += 100) {
      pressure.sample(now, memory(650));
      if (refuses) assert.not(admission.admit(now, "normal", 100 * MB, 0.5));
      const due = pressure.due(now);
      assert.is(due.cleanup, undefined);
      if (!due.collection) continue;
      collections.push(now);
      pressure.relieved("collection", now, 10, 100 * MB);
    }
  };
  run(10_000, false);
  assert.equal(collections, []);
  assert.ok(admission.admit(now, "normal", MB, 0.5), "alone");
  run(10_000, true);
  // 1 % of the time, 10 ms each.
  assert.ok(collections.length >= 9 && collections.length <= 11, `${collections}`);
  const { length } = collections;
  run(10_000, false);
  assert.ok(collections.length <= length + 1, "the last refusal was a second ago");
});

test("pages go back where a collection freed little before, and where nothing is in flight", () => {
  const pressure = new Pressure(core);
  const admission = new Admission(core);
  let now = 0;
  const next = (freed: number): string | undefined => {
    for (const until = now + 60_000; now < until; now += 50) {
      pressure.sample(now, memory(850));
      const { collection } = pressure.due(now);
      if (collection === undefined) continue;
      pressure.relieved("collection", now, 1, freed * MB);
      return collection;
    }
    return undefined;
  };
  assert.equal([next(100), next(1), next(100), next(100)], ["major", "major", "all", "major"]);
  assert.ok(admission.admit(now, "high", 0, 0.999));
  assert.is(next(100), "major", "it is in flight");
  admission.leave(0);
  assert.is(next(100), "all");
});

test("drain: once, after so long at critical without a break", () => {
  const pressure = new Pressure(core);
  pressure.drainAfter(10_000);
  assert.equal(episode(pressure, 950, 0, 9000, 0).drain, []);
  assert.equal(episode(pressure, 500, 10_000, 10_000, 0).drain, [], "held at critical, but calm");
  assert.equal(episode(pressure, 950, 30_000, 30_000, 0).drain, [10_000]);
  const off = new Pressure(core);
  assert.equal(episode(off, 950, 0, 100_000, 0).drain, [], "off unless asked for");
});

test("random steps: never two turns of one gate closer than its base wait, nor none for 60 s under pressure", () => {
  const pressure = new Pressure(core);
  const last = new Map<string, number>();
  let [now, used] = [0, 700];
  let pressedSince: number | undefined;
  let lastCleanup = 0;
  randomSteps(20_261_127, 20_000, (random) => {
    now += random.pick([10, 50, 300, 1000]);
    used = Math.min(1100, Math.max(400, used + random.normal() * 40));
    const level = pressure.sample(now, memory(used));
    if (level === "normal") pressedSince = undefined;
    else pressedSince ??= now;
    const due = pressure.due(now);
    for (const kind of ["cleanup", "collection"] as const) {
      if (!due[kind]) continue;
      const gate = kind === "collection" ? kind : `${kind} ${due.cleanup}`;
      const gap = now - (last.get(gate) ?? Number.NEGATIVE_INFINITY);
      assert.ok(gap >= (kind === "collection" ? 500 : 1000), `${gate} after ${gap} ms`);
      last.set(gate, now);
      if (kind === "cleanup") lastCleanup = now;
      pressure.relieved(kind, now, random.pick([0, 5, 50]), random.chance(0.5) ? 0 : used * 0.1 * MB);
    }
    const waited = pressedSince === undefined ? 0 : now - Math.max(lastCleanup, pressedSince);
    assert.ok(waited <= 61_000, `no clean-up for ${waited} ms under pressure`);
  });
  const { cleanups, cleanupsFreedLittle, collections } = pressure.relief();
  assert.ok(cleanups > 100 && collections > 50 && cleanupsFreedLittle > 20);
});

test.run();
