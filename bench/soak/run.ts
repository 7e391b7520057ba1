/**
 * `npm run soak [-- --runtime node,bun,deno --minutes 10]`: a steady rate on a governed server. Fails where one of
 * its structures grows past its bound, a request is left behind, or the heap's floor rises.
 *
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { readArguments, runtimesIn, stop } from "../arguments.ts";
import { built, command, type Runtime, top } from "../runtimes.ts";
import { median } from "../statistics.ts";

const RATE_PER_SECOND = 100;
const LOOK_MS = 5000;
/** The floor may rise by so much between the second third and the last: code that is still being compiled. */
const RISE_MB = 1.5;
const RISE_RATIO = 0.05;
/** Two spans of one-second points, at most. */
const MAX_HISTORY_POINTS = 3600;

interface Held {
  readonly heapUsedMb: number;
  readonly rssMb: number;
  readonly coreBytes: number;
  readonly poolSize: number;
  readonly cacheSize: number;
  readonly cacheMaxSize: number;
  readonly bufferBytes: number;
  readonly inFlight: number;
  readonly shedInFlight: number;
  readonly finished: number;
  readonly statsBytes: number;
  readonly historyPoints: number;
}

const { values } = readArguments("soak", { runtime: { type: "string" }, minutes: { type: "string" } });
const on = runtimesIn("soak", values.runtime);
const minutes = Number(values.minutes ?? 10);
if (!(minutes >= 1 && minutes <= 1440)) {
  stop("soak", `--minutes is ${values.minutes}; accepted: a number from 1 to 1440`);
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

/** A server closes idle connections. One that goes at the very moment it is used again is asked anew, as browsers do. */
function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, timeout: 30_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () =>
        response.statusCode === 200
          ? resolve(text)
          : reject(
              Object.assign(new Error(`${url}: ${response.statusCode}`), {
                shed: response.statusCode === 503,
              }),
            ),
      );
    });
    request.on("error", (error: { code?: string }) => {
      if (request.reusedSocket && error.code === "ECONNRESET") resolve(get(url));
      else reject(error);
    });
  });
}

async function start(runtime: Runtime): Promise<{ child: ChildProcess; origin: string }> {
  const { bin, args } = command(runtime, "soak/server.js", false);
  const child = spawn(bin, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  });
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the server ended with ${signal ?? code}`);
  });
  ended.catch(() => {});
  const line = once(createInterface({ input: child.stdout! }), "line");
  const [port] = (await Promise.race([line, ended])) as [string];
  return { child, origin: `http://127.0.0.1:${port}` };
}

/** Looks every five seconds at what is held, under the steady rate. */
async function soak(runtime: Runtime): Promise<{ held: Held[]; sent: number; failed: number; shed: number }> {
  const { child, origin } = await start(runtime);
  let sent = 0;
  let failed = 0;
  let shed = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < RATE_PER_SECOND / 20; i++) {
      sent += 1;
      // Ids come back, and new ones come.
      const id = sent % 3 === 0 ? sent : sent % 200;
      get(`${origin}/work/${id}`).catch((error: Error & { shed?: boolean }) => {
        // On a machine that is too busy for the rate, the loop's lag is a reason to shed.
        if (error.shed) shed += 1;
        else {
          failed += 1;
          console.error(`  ${error.message}`);
        }
      });
    }
  }, 50);
  const held: Held[] = [];
  try {
    const end = performance.now() + minutes * 60_000;
    while (performance.now() < end) {
      await sleep(LOOK_MS);
      held.push(JSON.parse(await get(`${origin}/soak`)) as Held);
    }
  } finally {
    clearInterval(timer);
    await sleep(1000);
    if (child.exitCode === null) held.push(JSON.parse(await get(`${origin}/soak`)) as Held);
    child.kill("SIGKILL");
  }
  return { held, sent, failed, shed };
}

function faults({ held, sent, failed, shed }: Awaited<ReturnType<typeof soak>>): string[] {
  const last = held.at(-1)!;
  const third = Math.floor(held.length / 3);
  const heaps = held.map((each) => each.heapUsedMb);
  const before = median(heaps.slice(third, 2 * third));
  const after = median(heaps.slice(2 * third));
  const rise = after - before;
  const most = (read: (held: Held) => number) => Math.max(...held.map(read));
  console.log(
    `  ${sent} requests, ${shed} shed, ${failed} failed; heap floor ${before.toFixed(1)} to ${after.toFixed(1)} MB, ` +
      `RSS ${last.rssMb.toFixed(0)} MB, core ${last.coreBytes / 1024} KB, ` +
      `cache at most ${most((h) => h.cacheSize)} of ${last.cacheMaxSize}, history ${last.historyPoints} points`,
  );
  return [
    failed === 0 ? "" : `${failed} requests failed`,
    rise <= Math.max(RISE_MB, before * RISE_RATIO) ? "" : `the heap's floor rose by ${rise.toFixed(1)} MB`,
    most((h) => h.poolSize) <= 32 ? "" : "the pool kept more than its size",
    most((h) => h.cacheSize) <= last.cacheMaxSize ? "" : "the cache kept more than its size",
    most((h) => h.historyPoints) <= MAX_HISTORY_POINTS ? "" : "the history has more points than its ring",
    last.coreBytes === held[third]!.coreBytes ? "" : "the core's memory grew",
    last.statsBytes <= held[third]!.statsBytes * 1.2 ? "" : "the statistics grew",
    // The one that asks.
    last.inFlight <= 1 && last.shedInFlight <= 1 ? "" : "requests were left behind",
    last.finished >= sent - failed - shed
      ? ""
      : `${sent - failed - shed - last.finished} requests were not seen to end`,
  ].filter(Boolean);
}

mkdirSync(built, { recursive: true });
writeFileSync(join(built, "package.json"), '{ "type": "module" }\n');
execFileSync(join(top, "node_modules/.bin/tsc"), ["-p", join(top, "bench/tsconfig.json")], {
  stdio: "inherit",
});
const failures: string[] = [];
for (const runtime of on) {
  console.log(`${runtime}: ${RATE_PER_SECOND} requests a second for ${minutes} minutes`);
  failures.push(...faults(await soak(runtime)).map((fault) => `${runtime}: ${fault}`));
}
agent.destroy();
if (failures.length > 0) stop("soak", `\n  ${failures.join("\n  ")}`);
