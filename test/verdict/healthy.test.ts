import { test } from "uvu";
import * as assert from "uvu/assert";
import { Random } from "../support/random.ts";
import { watchServer } from "../support/servers.ts";
import { healthyServer } from "../support/simulator.ts";

test("200 healthy servers under varied load: no leak is reported, at any time", () => {
  const alarms: string[] = [];
  let stable = 0;
  for (let i = 0; i < 200; i++) {
    const { growing, judgement } = watchServer(healthyServer(new Random(1000 + i)), 5000 + i);
    if (growing) alarms.push(`run ${i}: ${growing.judgement.part} after ${growing.afterMs / 60_000} min`);
    if (judgement.state === "stable") stable++;
  }
  assert.equal(alarms, []);
  assert.ok(stable >= 190, `${stable} of 200 are called stable at the end`);
});

test.run();
