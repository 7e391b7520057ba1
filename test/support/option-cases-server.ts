import { createServer } from "node:http";
import { joinWorkers } from "../../runtimes/workers.ts";
import { observeWithOpenTelemetry } from "../../src/app/otel.ts";
import { createApp, createMetrics, memoryDashboard } from "../../src/app.ts";
import {
  gcTuning,
  governFetch,
  governListener,
  governServer,
  loadShedding,
  type MemoryOptimizer,
  memoryGovernance,
  memoryMonitoring,
  memoryOptimization,
  shedFetch,
  shedListener,
  shedServer,
} from "../../src/index.ts";
import type { Case } from "./option-cases.ts";
import {
  abortSignal,
  callback,
  flag,
  NO_OBJECT,
  number,
  object,
  one,
  type Rule,
  required,
  secret,
  text,
  whole,
} from "./rules.ts";

const INTERVAL = whole(0, 1_000_000_000);
const anOptimizer = one("a MemoryOptimizer");
const part: Rule = { accepted: "an object", wrong: [...NO_OBJECT, { optimizer: undefined }] };

const gcOptions = {
  disableGcDuringRequest: flag,
  generation0Interval: INTERVAL,
  generation2Interval: INTERVAL,
};
const memoryOptions = {
  enableMonitoring: flag,
  cleanupThreshold: INTERVAL,
  cleanupIntervalSeconds: number(0, 604_800),
  ambientContext: flag,
  deadlineMs: number(1, 86_400_000),
};
const monitoringOptions = {
  logInterval: whole(1, 1_000_000_000),
  logger: one("an object with info", { info: 5 }, { warn() {} }),
};
const governance = {
  gcTuning: part,
  memoryOptimization: part,
  memoryMonitoring: part,
  optimizer: anOptimizer,
};
const shedding = {
  routes: {
    accepted: "an object of paths that begin with / and low, normal, high or exempt",
    wrong: [...NO_OBJECT, { "no-slash": "low" }, { "/a": "urgent" }, { "/a": 5 }],
  },
  priority: one("low, normal, high or exempt", "medium"),
  retryAfterSeconds: whole(1, 3600),
  optimizer: anOptimizer,
};
const access = { loopback: flag, token: secret, authorize: callback };
const workers = one("the result of joinWorkers", { snapshots: 5 });
const answer = (): Response => new Response();

/** A function that works for the optimizer that it is given. */
const working = (
  where: string,
  type: string,
  call: Case["call"],
  options: Readonly<Record<string, Rule>>,
): Case => ({ where, type, call, given: (optimizer) => ({ optimizer }), options });

/** The options of one part of `memoryGovernance`. */
const partOf = (name: string, type: string, options: Readonly<Record<string, Rule>>): Case => ({
  where: `memoryGovernance: ${name}`,
  type,
  call: (given, optimizer) => memoryGovernance({ optimizer, [name]: given }),
  options,
  part: true,
});

export const SERVER_CASES: readonly Case[] = [
  working("gcTuning", "GcTuningOptions", (options) => gcTuning(options as never), {
    ...gcOptions,
    optimizer: anOptimizer,
  }),
  working("memoryOptimization", "MemoryOptimizationOptions", (given) => memoryOptimization(given as never), {
    ...memoryOptions,
    optimizer: anOptimizer,
  }),
  working("memoryMonitoring", "MemoryMonitoringOptions", (given) => memoryMonitoring(given as never), {
    ...monitoringOptions,
    optimizer: anOptimizer,
  }),
  working(
    "memoryGovernance",
    "MemoryGovernanceOptions",
    (given) => memoryGovernance(given as never),
    governance,
  ),
  partOf("gcTuning", "GcTuningOptions", gcOptions),
  partOf("memoryOptimization", "MemoryOptimizationOptions", memoryOptions),
  partOf("memoryMonitoring", "MemoryMonitoringOptions", monitoringOptions),
  working("governFetch", "GovernOptions", (given) => governFetch(answer, given as never), {
    ...governance,
    skip: callback,
  }),
  working("governListener", "GovernServerOptions", (given) => governListener(() => {}, given as never), {
    ...governance,
    skip: callback,
  }),
  working("governServer", "GovernServerOptions", (given) => governServer(createServer(), given as never), {
    ...governance,
    skip: callback,
  }),
  working("loadShedding", "LoadSheddingOptions", (given) => loadShedding(given as never), shedding),
  working("shedFetch", "LoadSheddingOptions", (given) => shedFetch(answer, given as never), shedding),
  working("shedListener", "LoadSheddingOptions", (given) => shedListener(() => {}, given as never), shedding),
  working(
    "shedServer",
    "LoadSheddingOptions",
    (given) => shedServer(createServer(), given as never),
    shedding,
  ),
  {
    where: "createApp",
    type: "AppOptions",
    call: (options) => createApp(options as never),
    given: (optimizer) => ({ optimizer, demo: {} }),
    options: {
      ...access,
      optimizer: required(anOptimizer),
      healthyBelowMb: number(1, 16_777_216),
      governance: part,
      dashboard: flag,
      metrics: object,
      demo: { accepted: "an object of media types", wrong: NO_OBJECT },
      stopping: abortSignal,
    },
  },
  {
    where: "createApp: metrics",
    type: "MetricsOptions",
    call: (metrics, optimizer) => createApp({ optimizer, demo: {}, metrics: metrics as object }),
    options: { guideNames: flag, workers },
    part: true,
  },
  {
    where: "createMetrics",
    type: "MetricsOptions",
    call: (options, optimizer) => createMetrics(optimizer, options as object),
    options: { guideNames: flag, workers },
  },
  {
    where: "memoryDashboard",
    type: "DashboardOptions",
    call: (options) => memoryDashboard(options as never),
    given: (optimizer) => ({ optimizer }),
    options: { ...access, optimizer: required(anOptimizer), stopping: abortSignal },
  },
  {
    where: "observeWithOpenTelemetry",
    type: "OpenTelemetryOptions",
    call: (options) => observeWithOpenTelemetry(options as never),
    given: (optimizer: MemoryOptimizer) => ({ optimizer }),
    options: {
      optimizer: required(anOptimizer),
      meter: one("a Meter", { addBatchObservableCallback: 5 }),
    },
  },
  {
    where: "joinWorkers",
    type: "JoinWorkersOptions",
    call: (options, optimizer) => joinWorkers(optimizer, options as never),
    given: () => ({ directory: "test/out/w" }),
    options: { directory: required(text) },
  },
];
