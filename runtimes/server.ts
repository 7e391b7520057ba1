/**
 * What the three entry points have in common: address, first line, shutdown.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import process from "node:process";
import { governFetch } from "../src/adapters/fetch.ts";
import { shedFetch } from "../src/adapters/shed.ts";
import { adminToken, createApp, isLoopback, type MediaTypes, makeToken } from "../src/app.ts";
import { enableMemoryOptimizations } from "../src/default.ts";
import type { MemoryOptimizer } from "../src/optimizer/memory-optimizer.ts";
import { show, VelithonError } from "../src/shared/errors.ts";
import type { RuntimePort } from "../src/shared/port.ts";
import { drainServer, readDrainAfterMs } from "./drain.ts";
import { environmentVariable } from "./shared.ts";

/** How long a shutdown waits for open responses. */
const DRAIN_MS = 10_000;

/** Probes and the dashboard: they change nothing that they look at. */
const ONLOOKING = /^https?:\/\/[^/]+\/(?:health\/(?:live|ready)|memory)(?:[/?#]|$)/;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The shared app under governance; `environment`: what the runtime passes beside the request. */
export type Fetch = (request: Request, environment?: object) => Response | Promise<Response>;

/** A server that listens. */
export interface Listening {
  readonly port: number;
  /** Takes no more connections; settles once the open ones have ended. */
  drain(): Promise<void>;
}

/** @throws `INVALID_ENVIRONMENT` for a `PORT` that is none */
function readAddress(): Address {
  const text = environmentVariable("PORT")?.trim() || "3000";
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new VelithonError(
      "INVALID_ENVIRONMENT",
      `PORT is ${show(text)}; accepted: a whole number from 0 to 65535`,
    );
  }
  return { host: environmentVariable("HOST")?.trim() || "127.0.0.1", port };
}

/** The demo's data, where its package is installed. */
async function demoData(): Promise<MediaTypes | undefined> {
  try {
    return ((await import("mime-db")) as unknown as { default: MediaTypes }).default;
  } catch {
    return undefined;
  }
}

/** Bun tells of such a host as of a port in use, Deno without naming it. */
async function isUnknown(host: string): Promise<boolean> {
  return lookup(host).then(
    () => false,
    (error: { code?: string }) => error.code === "ENOTFOUND",
  );
}

async function explain(error: unknown, { host, port }: Address): Promise<string> {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  const at = `${host}:${port}`;
  if (await isUnknown(host)) return `${host} cannot be found; set HOST to an address of this machine`;
  if (code === "EADDRINUSE" || name === "AddrInUse") return `${at} is in use; set PORT to a free port`;
  if (code === "EACCES" || name === "PermissionDenied")
    return `${at} needs a permission to listen on; set PORT to 1024 or above`;
  if (code === "EADDRNOTAVAIL" || name === "AddrNotAvailable") {
    return `${at} is not an address of this machine; set HOST to one that is`;
  }
  return message ?? String(error);
}

/** Where no variable can be read, one that is set looks as one that is not. */
function unread({ capabilities: { environment } }: RuntimePort): string {
  return environment.available ? "" : ` (PORT and HOST were not read: ${environment.reason})`;
}

function refuse(message: string): never {
  console.error(`velithon: ${message}`);
  process.exit(1);
}

/** Serves the shared app until SIGTERM or SIGINT. One clear line and exit code 1 where it cannot. */
export async function serveApp(
  listen: (fetch: Fetch, address: Address) => Promise<Listening>,
): Promise<void> {
  let address: Address;
  let optimizer: MemoryOptimizer;
  let drainAfterMs: number | undefined;
  let given: string | undefined;
  try {
    address = readAddress();
    optimizer = enableMemoryOptimizations();
    given = adminToken(optimizer.port);
    drainAfterMs = readDrainAfterMs();
  } catch (error) {
    return refuse((error as Error).message);
  }
  const token = given ?? makeToken();
  const stopping = new AbortController();
  const app = createApp({
    optimizer,
    loopback: isLoopback(address.host),
    token,
    stopping: stopping.signal,
    demo: await demoData(),
    governance: false,
  });
  const governed: Fetch = governFetch(app.fetch, { optimizer, skip: ({ url }) => ONLOOKING.test(url) });
  const fetch: Fetch = shedFetch(governed, { optimizer });
  let server: Listening;
  try {
    server = await listen(fetch, address);
  } catch (error) {
    return refuse((await explain(error, address)) + unread(optimizer.port));
  }
  optimizer.seal();
  const { name, version } = optimizer.port;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  console.log(
    `velithon on ${name} ${version} listening on http://${host}:${server.port}${unread(optimizer.port)}`,
  );
  if (given === undefined) console.log(`admin token, until this process ends: ${token}`);
  const drainOnce = async (): Promise<void> => {
    stopping.abort();
    const late = new Promise<"late">((resolve) => setTimeout(resolve, DRAIN_MS, "late"));
    if ((await Promise.race([server.drain(), late])) === "late") {
      console.log(`still open after ${DRAIN_MS} ms: cut off`);
    }
  };
  let drained: Promise<void> | undefined;
  // A signal may come while memory has it drain already: both wait for the same end.
  const drain = (): Promise<void> => {
    drained ??= drainOnce();
    return drained;
  };
  if (drainAfterMs !== undefined) drainServer(optimizer, drainAfterMs, drain);
  onSignal(async (signal) => {
    console.log(`${signal}: draining`);
    await drain();
    const cleanup = optimizer.manualMemoryCleanup();
    optimizer.logger.info({ ...cleanup, freedBytes: cleanup.gcStats.freedBytes }, "shutdown clean-up");
    optimizer.disable();
    process.exit(0);
  });
}

/** Once; a second signal ends the process at once. */
function onSignal(stop: (signal: string) => Promise<void>): void {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void stop(signal);
    });
  }
}
