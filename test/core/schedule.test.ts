import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Generation, KindStats } from "../../src/core/index.ts";
import { type Random, randomSteps } from "../support/random.ts";
import { randomPause, randomSettings, SchedulePair } from "../support/schedule-pair.ts";

/** Mostly within a request's life, sometimes no time at all, now and then a long silence. */
function advance(pair: SchedulePair, random: Random): void {
  const choice = random.next();
  if (choice < 0.1) return;
  if (choice < 0.97) pair.now += Math.ceil(random.exponential(8)) / 4;
  else if (choice < 0.999) pair.now += random.exponential(300);
  else pair.now += random.exponential(20_000);
}

function step(pair: SchedulePair, random: Random, busy: boolean): void {
  advance(pair, random);
  const { schedule, flight, now } = pair;
  const choice = random.next();
  const mask = random.chance(0.9) ? 1 << random.int(0, 27) : random.int(-2147483648, 2147483647);
  if (choice < (busy ? 0.4 : 0.25)) pair.start();
  else if (choice < 0.65) {
    if (flight.open.length > 0) pair.end(random.pick(flight.open), mask);
  } else if (choice < 0.66) {
    const start = random.chance(0.2) ? now + random.exponential(5000) : random.next() * now;
    pair.end(start, mask);
  } else if (choice < 0.7) pair.tick();
  else if (choice < 0.8) pair.decide(random);
  else if (choice < 0.81) {
    const generation = random.int(0, 2) as Generation;
    schedule.requestCollection(generation, now);
    pair.collect.makeDue(generation, now, false);
  } else if (choice < 0.815) {
    const generation = random.int(0, 2) as Generation;
    const [pauseMs, freedBytes] = randomPause(random);
    schedule.manual(generation, pauseMs, freedBytes);
    pair.collect.manual(generation, pauseMs, freedBytes);
  } else if (choice < 0.83) {
    const freedBytes = random.chance(0.2) ? undefined : random.int(0, 1500);
    schedule.cleanupDone(now, freedBytes);
    pair.cleanup.done(now, freedBytes, flight.finished);
  } else if (choice < 0.87) {
    const bytes = random.chance(0.05) ? undefined : random.int(600, 1200);
    assert.is(schedule.watermarkSample(now, bytes), pair.watermark.sample(now, bytes), "watermarkSample");
  } else if (choice < 0.88) {
    const freedBytes = random.chance(0.2) ? undefined : random.int(0, 150);
    schedule.watermarkDone(now, freedBytes);
    pair.watermark.done(now, freedBytes);
  } else if (choice < 0.98) {
    const time = now - random.exponential(random.pick([3, 100, 2000]));
    if (time >= 0) assert.is(schedule.wasBusyAt(time), flight.wasBusyAt(time), `wasBusyAt ${time}`);
  } else if (choice < 0.99) pair.gate(random);
  else if (random.chance(0.3)) pair.configure(random);
}

for (const clock of [0, 1.7e12]) {
  test(`100,000 random steps of a whole schedule, against the naive models, from ${clock} ms on`, () => {
    let pair: SchedulePair | undefined;
    let busy = true;
    let memoryBytes = 0;
    randomSteps(20_260_809 + clock, 100_000, (random, number) => {
      pair ??= new SchedulePair(randomSettings(random), clock);
      memoryBytes ||= pair.core.memoryBytes;
      if (random.chance(0.003)) busy = !busy;
      step(pair, random, busy);
      pair.compare();
      if (number % 100 === 0) pair.compareLatency();
    });
    const { core, collect, flight, cleanup, watermark } = pair!;
    assert.is(core.memoryBytes, memoryBytes, "no call of a schedule takes memory");
    const [minor, major] = [collect.minor.stats(), collect.major.stats()];
    const outcomes = Object.keys(minor) as (keyof KindStats)[];
    const reached: Record<string, boolean> = {
      unmatched: flight.unmatched > 0,
      cleanup: cleanup.performed > 0 && cleanup.skipped > 0,
      watermark: watermark.crossings > 0 && watermark.actions > 0,
    };
    for (const outcome of outcomes) reached[outcome] = minor[outcome]! + major[outcome]! > 0;
    assert.not(Object.values(reached).includes(false), `not all was reached: ${JSON.stringify(reached)}`);
  });
}

test.run();
