// Runs in a process of its own, on the runtime and with the permissions under test: prints as JSON what the
// library reads, and beside it what an observer outside of it saw at the same time.
import { spawnSync } from "node:child_process";
import { open } from "node:fs/promises";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { createMemoryOptimizer, governFetch } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";

const MB = 1024 * 1024;
const port = await loadPort();
const what = process.argv.at(-1);
const optimizer = createMemoryOptimizer({ port }).enable();

/** What another process prints; `undefined` where none may be started, or it fails. */
function output(command: string, argument: string): string | undefined {
  try {
    const { status, stdout } = spawnSync(command, [argument], { encoding: "utf8" });
    return status === 0 ? stdout : undefined;
  } catch {
    return undefined;
  }
}

const cat = (path: string): string | undefined => output("cat", path);

function litter(mb: number): number {
  let sum = 0;
  for (let i = 0; i < mb * 1024; i++) sum += new Array(128).fill(i).length;
  return sum;
}

function cgroupSeen(): { limit: string | undefined; workingSetBytes: number | undefined } {
  const line = cat(`/proc/${process.pid}/cgroup`)?.match(/^\d+:memory:(.*)$/m);
  const folder = line ? `/sys/fs/cgroup/memory${line[1]}` : "/sys/fs/cgroup";
  const usage = Number(cat(`${folder}/${line ? "memory.usage_in_bytes" : "memory.current"}`));
  const stat = cat(`${folder}/memory.stat`)?.match(
    line ? /total_inactive_file (\d+)/ : /^inactive_file (\d+)/m,
  );
  const limit = cat(`${folder}/${line ? "memory.limit_in_bytes" : "memory.max"}`)?.trim();
  return { limit, workingSetBytes: stat ? usage - Number(stat[1]) : undefined };
}

/** A route whose handler keeps 2 MB and the loop for 20 ms, by its own clock. */
const ROUTE_BYTES = 2 * MB;
const ROUTE_MS = 20;

async function routed(): Promise<{ bytes: number | undefined; ms: number; tookMs: number }> {
  const kept: unknown[] = [];
  const still = new Int32Array(new SharedArrayBuffer(4));
  let tookMs = 0;
  const fetch = governFetch(
    (_: Request) => {
      const beganMs = performance.now();
      // An array of 128 numbers: 8 bytes each, and a header.
      for (let i = 0; i < ROUTE_BYTES / 1040; i++) kept.push(new Array(128).fill(i + 0.5));
      // A loop that reads the clock leaves numbers on the heap until it is compiled.
      Atomics.wait(still, 0, 0, ROUTE_MS);
      tookMs = performance.now() - beganMs;
      return new Response("ok");
    },
    { optimizer },
  );
  let totalMs = 0;
  for (let i = 0; i < 64 * 9; i++) {
    // One request in 64 is measured: the others need not take their time, but for the first, which loads what it needs.
    if (i === 0 || i % 64 === 63) {
      await (await fetch(new Request("http://host/kept"))).text();
      if (i > 0) totalMs += tookMs;
    } else optimizer.requests.end(optimizer.requests.start());
  }
  const [top] = optimizer.requests.topRoutes();
  return { bytes: top?.meanBytes, ms: top?.meanMs ?? 0, tookMs: totalMs / 9 };
}

/** User and system time of this process so far, in ms, as the kernel counts it for others: in ticks of 10 ms. */
function cpuSeen(): number | undefined {
  const fields = cat(`/proc/${process.pid}/stat`)
    ?.replace(/^.*\) /, "")
    .split(" ");
  return fields && (Number(fields[11]) + Number(fields[12])) * 10;
}

const FILES = 20;

/** How many open files more are told once so many are open. */
async function openMore(): Promise<number | undefined> {
  const before = port.readProcess()?.openFiles;
  if (before === undefined) return undefined;
  const files = await Promise.all(Array.from({ length: FILES }, () => open("/proc/self/status")));
  const after = port.readProcess()?.openFiles;
  await Promise.all(files.map((file) => file.close()));
  return after! - before;
}

async function readings(): Promise<object> {
  const settle = async (): Promise<void> => {
    await wait(5);
    port.collect("major");
    await wait(50);
  };
  const opened = await openMore();
  await settle();
  const whole = () => ({ ...port.readMemory(), arrayBuffersBytes: port.readArrayBuffersBytes() });
  const before = whole();
  const objects = Array.from({ length: 60 * 1024 }, (_, i) => new Array(128).fill(i + 0.5));
  const buffers = Array.from({ length: 64 }, () => new Uint8Array(MB).fill(1));
  await settle();
  const after = whole();
  await wait(1200);
  // Another process holds the loop up, by its own clock.
  const start = Date.now();
  const stood = output("sleep", "0.5") === undefined ? undefined : Date.now() - start;
  let lag = 0;
  for (let i = 0; i < 13; i++) {
    await wait(100);
    lag = Math.max(lag, optimizer.monitor.getStats().loopLagMs?.max ?? 0);
  }
  const memory = optimizer.monitor.read(port.now(), 0);
  const status = cat(`/proc/${process.pid}/status`);
  const kib = (name: string): number | undefined => {
    const found = status?.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m"));
    return found ? Number(found[1]) * 1024 : undefined;
  };
  const seen = cgroupSeen();
  const told = port.readProcess();
  const cpu = cpuSeen();
  const route = await routed();
  const stalls = cat("/proc/pressure/memory")?.match(/^some avg10=([\d.]+)/m)?.[1];
  const spaces = port.readHeapSpaces();
  const grown = (field: "heapUsedBytes" | "heapTotalBytes" | "externalBytes" | "arrayBuffersBytes") =>
    after[field] === undefined ? undefined : after[field] - before[field]!;
  const external = port.heapUsedCountsExternal ? 64 : 0;
  return {
    rss: [memory.rssBytes, kib("VmRSS")],
    virtual: [memory.virtualBytes, kib("VmSize")],
    heapUsed: [grown("heapUsedBytes"), (60 + external) * MB],
    heapTotal: [grown("heapTotalBytes"), 60 * MB],
    external: [grown("externalBytes"), 64 * MB],
    arrayBuffers: [grown("arrayBuffersBytes"), 64 * MB],
    heapSpaces: [spaces?.reduce((sum, space) => sum + space.usedBytes, 0), port.readHeapUsedBytes()],
    workingSet: [memory.workingSetBytes, seen.workingSetBytes],
    limit: [memory.limitBytes, Number(seen.limit) < 2 ** 62 ? Number(seen.limit) : undefined],
    stalls: [memory.psiSomeAvg10Ratio, stalls === undefined ? undefined : Number(stalls) / 100],
    loopLag: [stood === undefined ? undefined : lag, stood],
    heapLimit: [memory.heapLimitBytes, undefined],
    cpu: [told && told.userCpuMs! + told.systemCpuMs!, cpu],
    openFiles: [opened, FILES],
    routeBytes: [route.bytes, ROUTE_BYTES],
    routeMs: [route.ms, route.tookMs],
    kept: objects.length + buffers.length,
  };
}

/** Quiet before and after, so that the engine's log can be cut by its times (V8) or at these words (Bun). */
async function collections(): Promise<object> {
  optimizer.disable();
  await wait(800);
  const fromMs = performance.now();
  console.error("BEGIN");
  optimizer.enable();
  await wait(200);
  const kept: unknown[] = [];
  const inside: [number, number][] = [];
  for (let i = 0; i < 40; i++) {
    const request = i % 2 === 0 ? optimizer.requests.start() : undefined;
    const beganMs = performance.now();
    for (let part = 0; part < 6; part++) {
      litter(1);
      await wait(15);
    }
    if (request) {
      optimizer.requests.end(request);
      inside.push([beganMs, performance.now()]);
    }
    for (let k = 0; k < 5000; k++) kept.push({ k, list: [k, i] });
    if (i % 16 === 15) kept.length = 0;
    // The profiler of collections rests where there are many.
    await wait(150);
  }
  // What follows many of them may be left out of the bytes, and on Bun what follows one at once.
  await wait(1600);
  const forced: number[] = [];
  for (let i = 0; i < 3; i++) {
    port.collect("major");
    forced.push(performance.now());
    await wait(1200);
  }
  await wait(800);
  const toMs = performance.now();
  console.error("END");
  await wait(1000);
  const { engine } = optimizer.getMemoryStats().gcStats;
  return {
    engine,
    majors: optimizer.getVerdict().majorCollections,
    inside,
    forced,
    fromMs,
    toMs,
    heapLimit: port.readHeapLimitBytes(),
  };
}

const results = { collections, readings, capabilities: () => port.capabilities };
const result = await results[what as keyof typeof results]();
console.log(`RESULT ${JSON.stringify(result)}`);
process.exit(0);
