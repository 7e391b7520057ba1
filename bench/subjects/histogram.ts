/**
 * Recording one value in a histogram.
 *
 * @module
 */
import { createHistogram } from "node:perf_hooks";
import { build, initWebAssemblySync } from "hdr-histogram-js";
import prometheus from "prom-client";
import { createCore, Histogram } from "../../src/core/index.ts";
import { type Candidate, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { ratios, spread } from "../statistics.ts";
import { latenciesUs } from "../workload.ts";

const valuesUs = latenciesUs(1 << 16, 800, 11);
/** prom-client counts in base units. */
const valuesSeconds: Float64Array = valuesUs.map((us) => us / 1e6);
const MASK = valuesUs.length - 1;
/** One hour, the range that all of them are to cover. */
const HIGHEST_US = 3_600_000_000;

function ours(): Candidate {
  const histogram = new Histogram(createCore());
  return {
    name: "Histogram.record",
    note: () => `p99 ${histogram.quantiles(0.99)[0]?.toFixed(0)} µs`,
    run(n) {
      for (let i = 0; i < n; i++) histogram.record(valuesUs[i & MASK]!);
      return n;
    },
  };
}

/** Two digits are its nearest to 1/64; a fixed range spares it the question whether to grow. */
function hdr(name: string, useWebAssembly: boolean): Candidate {
  if (useWebAssembly) initWebAssemblySync();
  const histogram = build({
    useWebAssembly,
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 2,
  });
  return {
    name,
    note: () => `p99 ${histogram.getValueAtPercentile(99)} µs`,
    run(n) {
      for (let i = 0; i < n; i++) histogram.recordValue(valuesUs[i & MASK]!);
      return n;
    },
  };
}

function prom(): Candidate {
  const histogram = new prometheus.Histogram({
    name: "http_request_duration_seconds",
    help: "Duration of requests",
    registers: [],
  });
  return {
    name: "prom-client Histogram.observe",
    note: () => `${prometheus.linearBuckets.length > 0 ? "11 buckets, no labels" : ""}`,
    run(n) {
      for (let i = 0; i < n; i++) histogram.observe(valuesSeconds[i & MASK]!);
      return n;
    },
  };
}

function perfHooks(): Candidate | undefined {
  try {
    const histogram = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 2 });
    histogram.record(1);
    return {
      name: "perf_hooks createHistogram().record",
      note: () => `p99 ${histogram.percentile(99)} µs`,
      run(n) {
        for (let i = 0; i < n; i++) histogram.record(valuesUs[i & MASK]!);
        return n;
      },
    };
  } catch {
    return undefined;
  }
}

export async function run(plan: Plan): Promise<Report> {
  const record = ours();
  const js = hdr("hdr-histogram-js", false);
  const wasm = hdr("hdr-histogram-js, its WASM build", true);
  const candidates = [record, js, wasm, prom(), perfHooks()].filter((candidate) => candidate !== undefined);
  const measured = await measure(candidates, plan);
  const times = (peer: Candidate) => spread(ratios(measured.get(peer.name)!, measured.get(record.name)!));
  return {
    sections: [section("histogram, one value recorded", candidates, measured, record.name)],
    targets: [
      {
        name: "hdr-histogram-js to Histogram.record",
        unit: "x",
        bound: "least",
        limit: 3,
        measured: times(js),
      },
      {
        name: "hdr-histogram-js (WASM) to Histogram.record",
        unit: "x",
        bound: "least",
        limit: 3,
        measured: times(wasm),
      },
    ],
  };
}
