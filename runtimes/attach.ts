/**
 * Monitoring of a program that knows nothing of it: what the three `register.ts` have in common. Whatever goes
 * wrong here is one line on stderr, and the program runs as if nothing were attached.
 *
 * @module
 */
import { channel } from "node:diagnostics_channel";
import { isMainThread } from "node:worker_threads";
import { type FetchHandler, governWith } from "../src/adapters/fetch.ts";
import { type Begin, beginWith, type OutgoingLike } from "../src/adapters/node-http.ts";
import { createMemoryOptimizer } from "../src/default.ts";
import { ACCEPTED_POLICIES, fitsPolicy, type GovernorPolicy } from "../src/governor/options.ts";
import type { Passage } from "../src/middleware/govern.ts";
import type { MemoryOptimizer } from "../src/optimizer/memory-optimizer.ts";
import { show } from "../src/shared/errors.ts";
import { line } from "../src/shared/logger.ts";
import { environmentVariable } from "./shared.ts";
import type { Workers } from "./workers.ts";

/** How the servers of the program are watched. */
export interface Watch {
  /** For each request of a server of `node:http`. */
  readonly begin: Begin;
  /** The same handler, watched. What is no function is handed back. */
  fetch<T>(handler: T): T;
}

export interface Host {
  /** Watches every server that the program starts from now on, the admin's excepted. */
  watch(watch: Watch): void;
  /** Serves on loopback; must not keep the process alive. The port it listens on. */
  listen(fetch: (request: Request) => Response | Promise<Response>, port: number): Promise<number>;
}

const LOOPBACK = "127.0.0.1";

/** Held here: Bun forgets a channel that nobody holds, and who listens to it. */
const streams = channel("http2.server.stream.start");

/** HTTP/2 servers tell of each stream: on Bun, on Deno, and on Node from 22 on. */
function watchHttp2(begin: Begin): void {
  streams.subscribe((message) => {
    const { stream, headers } = message as { stream: OutgoingLike; headers: Record<string, string> };
    begin({ method: headers[":method"], url: headers[":path"] }, stream);
  });
}

function tell(message: string): void {
  console.error(`velithon: ${message}`);
}

function adminPort(): number {
  const text = environmentVariable("VELITHON_ADMIN_PORT")?.trim() || "0";
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Error(`VELITHON_ADMIN_PORT is ${show(text)}; accepted: a whole number from 0 to 65535`);
}

/** `VELITHON_POLICY`: what the governor may do, names between commas. `undefined` where it is not set. */
function policies(): readonly GovernorPolicy[] | undefined {
  const text = environmentVariable("VELITHON_POLICY")?.trim();
  if (!text) return undefined;
  const names: readonly string[] = text.split(",").map((name) => name.trim());
  if (fitsPolicy(names)) return names as readonly GovernorPolicy[];
  throw new Error(`VELITHON_POLICY is ${show(text)}; accepted: ${ACCEPTED_POLICIES}`);
}

/** `VELITHON_WORKERS_DIRECTORY`: whoever has the same folder is added up. `undefined` where it is not set. */
async function workersOf(optimizer: MemoryOptimizer): Promise<Workers | undefined> {
  const directory = environmentVariable("VELITHON_WORKERS_DIRECTORY")?.trim();
  if (!directory) return undefined;
  const { joinWorkers } = await import("./workers.ts");
  return await joinWorkers(optimizer, { directory });
}

function reasonOf(error: unknown, port: number): string {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  if (code === "EADDRINUSE" || name === "AddrInUse") {
    return `${LOOPBACK}:${port} is in use; set VELITHON_ADMIN_PORT to a free port, or to 0 for any`;
  }
  return (message ?? String(error)).split("\n", 1)[0]!;
}

/** Attaches to this process. Never throws. */
export async function attach(host: Host): Promise<void> {
  // A worker is watched by nobody: its requests are those of the main thread.
  if (!isMainThread) return;
  let port = 0;
  try {
    port = adminPort();
    const say = (fields: object, message: string) => console.error(...line(fields, message));
    const policy = policies();
    const optimizer = createMemoryOptimizer({
      logger: { info: say, warn: say, error: say },
      governor: { policy },
    }).enable();
    if (!optimizer.enabled) return;
    const passage: Passage = { optimizer, rank: 0, gates: 0 };
    const begin = beginWith(passage);
    watchHttp2(begin);
    host.watch({
      begin,
      fetch: (handler) =>
        typeof handler === "function"
          ? (governWith(handler as unknown as FetchHandler, passage) as typeof handler)
          : handler,
    });
    const { adminToken, createApp, makeToken } = await import("../src/app.ts");
    const given = adminToken(optimizer.port);
    const token = given ?? makeToken();
    const workers = await workersOf(optimizer);
    const app = createApp({ optimizer, loopback: true, token, governance: false, metrics: { workers } });
    const at = await host.listen((request) => app.fetch(request), port);
    const work = policy === undefined ? "watching" : `governing (${policy.join(", ")})`;
    tell(`${work} this process; dashboard: http://${LOOPBACK}:${at}/memory`);
    if (given === undefined) tell(`admin token, until this process ends: ${token}`);
  } catch (error) {
    tell(`no dashboard: ${reasonOf(error, port)}`);
  }
}
