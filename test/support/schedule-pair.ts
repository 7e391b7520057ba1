import * as assert from "uvu/assert";
import {
  type CollectSettings,
  type Core,
  createCore,
  Due,
  GateKind,
  type KindStats,
  type Schedule,
} from "../../src/core/index.ts";
import { near, same } from "./compare.ts";
import { NaiveCollect } from "./naive-collect.ts";
import { NaiveFlight } from "./naive-flight.ts";
import { NaiveCleanup, NaiveGates, NaiveRates, NaiveWatermark } from "./naive-marks.ts";
import type { Random } from "./random.ts";

export function randomSettings(random: Random): CollectSettings {
  return {
    policy: random.chance(0.85) ? 1 : 0,
    thresholds: [random.int(1, 20), random.int(0, 4), random.int(0, 3)],
    hasMinor: random.chance(0.6),
    budgetRatio: random.pick([0.001, 0.01, 0.5]),
    minFreedBytesPerMs: random.pick([0, 1000, 100_000]),
    deferralMs: random.pick([0, 50, 5000]),
  };
}

/** The schedule of a core beside the models of its parts, on one clock. */
export class SchedulePair {
  readonly core: Core = createCore();
  readonly schedule: Schedule = this.core.schedule;
  readonly flight: NaiveFlight = new NaiveFlight();
  readonly gates: NaiveGates = new NaiveGates();
  readonly cleanup: NaiveCleanup = new NaiveCleanup();
  readonly watermark: NaiveWatermark = new NaiveWatermark();
  readonly rates: NaiveRates = new NaiveRates();
  readonly collect: NaiveCollect;
  readonly durationsUs: number[] = [];
  now: number;

  constructor(settings: CollectSettings, now: number) {
    this.now = now;
    this.collect = new NaiveCollect(settings, () => this.flight.inFlight === 0);
    this.schedule.configureCollect(settings, now);
    this.collect.configure(settings, now);
    this.schedule.configureFlight(5000, now);
    this.flight.configure(5000, now);
  }

  #taken(): number {
    let due = 0;
    if (this.cleanup.due) due |= Due.cleanup;
    this.cleanup.due = false;
    if (this.collect.wanted(this.now)) due |= Due.collect;
    return due;
  }

  start(): void {
    this.schedule.requestStart(this.now);
    this.flight.start(this.now);
  }

  end(start: number, mask: number): void {
    const ended = this.flight.end(this.now, start);
    let due = 0;
    if (ended !== "unmatched") {
      if (ended === "young") this.durationsUs.push((this.now - start) * 1000);
      this.collect.requestFinished(this.now);
      for (const { gate, kind, whileBusy } of this.gates.pass(mask)) {
        if (kind === GateKind.notify) due |= 1 << gate;
        else if (kind === GateKind.cleanup) this.cleanup.makeDue();
        else this.collect.gateOpened(kind === GateKind.generation0 ? 0 : 2, this.now, whileBusy);
      }
    }
    due |= this.#taken();
    assert.is(this.schedule.requestEnd(this.now, start, mask), due, `requestEnd of ${start} at ${this.now}`);
  }

  tick(): void {
    this.flight.age(this.now);
    this.rates.tick(this.now, this.flight.finished);
    this.cleanup.tick(this.now, this.flight.finished);
    assert.is(this.schedule.tick(this.now), this.#taken(), "tick");
  }

  decide(random: Random): void {
    const expected = this.collect.decide(this.now);
    assert.is(this.schedule.decide(this.now), expected, "decide");
    if (expected === undefined) return;
    const [pauseMs, freedBytes] = randomPause(random);
    this.now += pauseMs;
    this.schedule.done(expected, pauseMs, freedBytes);
    this.collect.done(expected, pauseMs, freedBytes);
  }

  gate(random: Random): void {
    const { gates } = this.gates;
    if (random.chance(0.3) && gates.size < 28) {
      const [interval, kind] = [random.int(1, 20), random.int(0, 3) as GateKind];
      const whileBusy = random.chance(0.3);
      const gate = this.schedule.createGate(interval, kind, whileBusy);
      assert.ok(gate >= 0 && gate < 28 && !gates.has(gate), `gate ${gate} is not free`);
      this.gates.create(gate, interval, kind, whileBusy);
    } else {
      const gate = random.int(-1, 28);
      assert.is(this.schedule.removeGate(gate), gates.delete(gate), `removeGate ${gate}`);
    }
  }

  configure(random: Random): void {
    const choice = random.int(0, 4);
    if (choice === 0) {
      const policy = random.pick([0, 1, 1, 1] as const);
      this.schedule.setPolicy(policy);
      this.collect.settings = { ...this.collect.settings, policy };
    } else if (choice === 1) {
      const settings = randomSettings(random);
      this.schedule.configureCollect(settings, this.now);
      this.collect.configure(settings, this.now);
    } else if (choice === 2) {
      const [intervalMs, minFreed] = [random.pick([0, 100, 30_000]), random.pick([0, 500, 2000])];
      this.schedule.configureCleanup(intervalMs, minFreed, this.now);
      this.cleanup.configure(intervalMs, minFreed, this.now);
    } else if (choice === 3) {
      const high = random.pick([0, 800, 900, 1000]);
      const cooldownMs = random.pick([1, 1000, 400_000, 900_000]);
      this.schedule.configureWatermark(high, high * 0.9, cooldownMs);
      this.watermark.configure(high, high * 0.9, cooldownMs);
    } else if (this.flight.inFlight + this.flight.longLived === 0) {
      const longLivedAfterMs = random.pick([100, 1000, 10_000, 333]);
      this.schedule.configureFlight(longLivedAfterMs, this.now);
      this.flight.configure(longLivedAfterMs, this.now);
    }
  }

  compare(): void {
    const { flight, collect, schedule, now } = this;
    const { requestsPerSecond10s, requestsPerSecond60s, ...flightStats } = schedule.flightStats();
    const { inFlight, longLived, highWater, started, finished, unmatched } = flight;
    const expected = { inFlight, longLived, highWater, started, finished, unmatchedEnds: unmatched };
    same(flightStats, expected, "flight");
    const [per10s, per60s] = this.rates.rates;
    near(requestsPerSecond10s, per10s, 1e-6 * (1 + (per10s ?? 0)), "requests per second, 10 s");
    near(requestsPerSecond60s, per60s, 1e-6 * (1 + (per60s ?? 0)), "requests per second, 60 s");

    const { minor, major, counts, pending, budgetMs, policy } = schedule.collectStats(now);
    same(minor, collect.minor.stats(), "minor");
    same(major, collect.major.stats(), "major");
    addsUp(minor, pending === 0 || pending === 1);
    addsUp(major, pending === 2);
    assert.is(counts.join(), collect.counts.join(), "counts");
    assert.is(pending, collect.pending?.generation, "pending");
    near(budgetMs, collect.budgetMs(now), 1e-9 * (1 + Math.abs(budgetMs)), "budget");
    assert.is(policy, collect.settings.policy === 0 ? "observe" : "interval", "policy");
    same(schedule.cleanupStats(), this.cleanup.stats(), "clean-up");
    same<Record<string, unknown>>({ ...schedule.watermarkStats() }, this.watermark.stats(), "watermark");
  }

  compareLatency(): void {
    const { count, min, max, clamped } = this.schedule.latency.summary();
    assert.is(count, this.durationsUs.length, "latency count");
    assert.is(clamped, this.durationsUs.filter((us) => us < 1).length, "latency clamped");
    if (count === 0) return;
    assert.is(
      min,
      this.durationsUs.reduce((a, b) => Math.min(a, b)),
      "latency min",
    );
    assert.is(
      max,
      this.durationsUs.reduce((a, b) => Math.max(a, b)),
      "latency max",
    );
  }
}

function addsUp(k: KindStats, isPending: boolean): void {
  const sum = k.performed + k.dropped + k.overBudget + k.notWorth + k.unsupported + k.merged;
  assert.is(k.due, sum + (isPending ? 1 : 0), "what was due adds up");
}

export function randomPause(random: Random): [pauseMs: number, freedBytes: number | undefined] {
  const pauseMs = random.pick([0.25, 1, 3, 20, 100]);
  return [pauseMs, random.chance(0.2) ? undefined : random.int(0, 20_000) * pauseMs];
}
