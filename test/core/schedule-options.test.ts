import { test } from "uvu";
import * as assert from "uvu/assert";
import { type CollectSettings, createCore, type Schedule } from "../../src/core/index.ts";
import { NO_OBJECT } from "../support/rules.ts";
import { throwsCode } from "../support/throws.ts";

const settings: CollectSettings = {
  policy: 1,
  thresholds: [2, 1, 1],
  hasMinor: true,
  budgetRatio: 0.01,
  minFreedBytesPerMs: 1000,
  deferralMs: 5000,
};
const NO_AMOUNT: readonly unknown[] = [undefined, null, "5", [], {}, true, 5n, Number.NaN, -1, Infinity];

/** What is passed wrong, by its name; the rest of the call is right. */
const calls: Readonly<Record<string, Readonly<Record<string, (schedule: Schedule, wrong: never) => void>>>> =
  {
    configureFlight: {
      longLivedAfterMs: (schedule, wrong) => schedule.configureFlight(wrong, 0),
      nowMs: (schedule, wrong) => schedule.configureFlight(1000, wrong),
    },
    configureCleanup: {
      intervalMs: (schedule, wrong) => schedule.configureCleanup(wrong, 0, 0),
      minFreedBytes: (schedule, wrong) => schedule.configureCleanup(0, wrong, 0),
      nowMs: (schedule, wrong) => schedule.configureCleanup(0, 0, wrong),
    },
    configureWatermark: {
      highBytes: (schedule, wrong) => schedule.configureWatermark(wrong, 0, 0),
      lowBytes: (schedule, wrong) => schedule.configureWatermark(0, wrong, 0),
      cooldownMs: (schedule, wrong) => schedule.configureWatermark(0, 0, wrong),
    },
    configureCollect: {
      policy: (schedule, policy) => schedule.configureCollect({ ...settings, policy }, 0),
      thresholds: (schedule, thresholds) => schedule.configureCollect({ ...settings, thresholds }, 0),
      "thresholds: 1": (schedule, wrong) =>
        schedule.configureCollect({ ...settings, thresholds: [2, wrong, 1] }, 0),
      budgetRatio: (schedule, budgetRatio) => schedule.configureCollect({ ...settings, budgetRatio }, 0),
      minFreedBytesPerMs: (schedule, wrong) =>
        schedule.configureCollect({ ...settings, minFreedBytesPerMs: wrong }, 0),
      deferralMs: (schedule, deferralMs) => schedule.configureCollect({ ...settings, deferralMs }, 0),
      nowMs: (schedule, wrong) => schedule.configureCollect(settings, wrong),
    },
    setPolicy: { policy: (schedule, wrong) => schedule.setPolicy(wrong) },
    setMajorCost: { pauses: (schedule, wrong) => schedule.setMajorCost(wrong) },
    requestCollection: { generation: (schedule, wrong) => schedule.requestCollection(wrong, 0) },
  };

for (const [call, parts] of Object.entries(calls)) {
  test(`${call}: a wrong type, NaN, negative, too large, missing: one error, and all as before`, () => {
    const { schedule } = createCore();
    const seen = () => [
      schedule.flightStats(),
      schedule.collectStats(0),
      schedule.cleanupStats(),
      schedule.watermarkStats(),
    ];
    const before = seen();
    for (const [name, pass] of Object.entries(parts))
      for (const wrong of NO_AMOUNT)
        throwsCode(() => pass(schedule, wrong as never), "INVALID_OPTION", `${call}: ${name}`, "accepted: ");
    assert.equal(seen(), before);
  });
}

test("the settings of collections are these and no others, and are an object", () => {
  const { schedule } = createCore();
  const pass = (given: unknown) => () => schedule.configureCollect(given as CollectSettings, 0);
  for (const none of NO_OBJECT) throwsCode(pass(none), "INVALID_OPTION", "configureCollect", "an object");
  throwsCode(pass({ ...settings, deferral: 5 }), "INVALID_OPTION", "no option deferral", "deferralMs");
  pass(settings)();
  assert.is(schedule.collectStats(0).policy, "interval");
});

test.run();
