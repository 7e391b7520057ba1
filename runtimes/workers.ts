/**
 * Several workers of one server, their metrics added up: `node:cluster`, processes on one port (Bun's
 * `reusePort`), threads (`deno serve --parallel`, `worker_threads`).
 *
 * Each worker listens on a socket in a folder that they share, and answers with what it has counted. Whoever is
 * scraped asks all of them. There is no primary: workers come and go.
 *
 * @module
 */
import { chmodSync, mkdirSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { join } from "node:path";
import process from "node:process";
import {
  snapshotOf,
  statsOfWorkers,
  type WorkerSnapshot,
  type WorkerSource,
} from "../src/app/worker-metrics.ts";
import type { WorkerSummary, WorkersStats } from "../src/app/worker-stats.ts";
import type { MemoryOptimizer } from "../src/optimizer/memory-optimizer.ts";
import { requireOptimizer, VelithonError } from "../src/shared/errors.ts";
import { name, options, parseOptions } from "../src/shared/options.ts";
import { attempt } from "./shared.ts";

export type { WorkerSnapshot, WorkerSource, WorkerSummary, WorkersStats };

/** Options of `joinWorkers`. */
export interface JoinWorkersOptions {
  /** A folder of this server's own, the same for all its workers; made where it is missing, for this user alone. */
  directory: string;
}

/** A worker that takes part. Pass it to `createApp` or `createMetrics` as `metrics: { workers }` or `{ workers }`. */
export interface Workers extends WorkerSource {
  /** What one optimizer would tell that did the work of all workers that answer within a second. */
  getMemoryStats(): Promise<WorkersStats>;
  /** Takes part no more; its counts go with it. Twice does no harm. */
  close(): Promise<void>;
}

const schema = options({ directory: name() });
const SUFFIX = ".sock";
/** A worker that answers later than this is left out of one reading. */
const ANSWER_MS = 1000;
/** What the system allows for the path of a socket, less its end. */
const MOST_PATH = 100;

function refuse(directory: string, why: string): never {
  throw new VelithonError("INVALID_OPTION", `joinWorkers: directory is "${directory}"; ${why}`);
}

/** Whether nothing else lies in it: a folder of others, such as /tmp, must not be closed to them. */
function isOwn(directory: string): boolean {
  return attempt(() => readdirSync(directory))?.every((name) => name.endsWith(SUFFIX)) === true;
}

/** The folder is this user's alone: what listens there is believed. */
function prepare(directory: string, path: string): void {
  if (path.length > MOST_PATH)
    refuse(directory, `accepted: a shorter path, ${MOST_PATH} characters with the socket's name`);
  attempt(() => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  const stat = attempt(() => statSync(directory));
  if (!stat?.isDirectory()) refuse(directory, "accepted: a folder that this user may make and write");
  const uid = attempt(() => process.getuid?.());
  if (uid !== undefined && stat.uid !== uid) refuse(directory, "accepted: a folder of this user");
  if ((stat.mode & 0o077) === 0) return;
  if (!isOwn(directory)) refuse(directory, "accepted: a folder that others cannot open, or an empty one");
  attempt(() => chmodSync(directory, 0o700));
}

function listen(path: string, answer: () => WorkerSnapshot): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      // What cannot be answered leaves this worker out of one reading.
      socket.end(attempt(() => JSON.stringify(answer())) ?? "");
    });
    // Also later, when no connection can be accepted: nobody waits for that.
    server.on("error", reject);
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** What the worker behind a socket answers; `undefined` where it does not, and its socket goes where nobody listens. */
function ask(path: string): Promise<WorkerSnapshot | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const socket = createConnection(path);
    const late = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.setEncoding("utf8");
    socket.on("data", (part) => {
      text += part;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") attempt(() => unlinkSync(path));
    });
    socket.on("close", () => {
      clearTimeout(late);
      const answer = attempt(() => JSON.parse(text) as Partial<WorkerSnapshot>);
      resolve(answer?.share && answer.samples && answer.latency ? (answer as WorkerSnapshot) : undefined);
    });
  });
}

/**
 * Takes part in the metrics of all workers that join with the same folder.
 *
 * @throws `INVALID_OPTION` for a folder that cannot be used; on Deno also without `--allow-read` and `--allow-write`
 */
export async function joinWorkers(optimizer: MemoryOptimizer, given: JoinWorkersOptions): Promise<Workers> {
  requireOptimizer("joinWorkers", optimizer);
  const { directory } = parseOptions("joinWorkers", schema, given);
  const id = `${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  const path = join(directory, id + SUFFIX);
  prepare(directory, path);
  const own = (): WorkerSnapshot => snapshotOf(optimizer, id, process.pid);
  let server: Server | undefined;
  try {
    server = await listen(path, own);
  } catch (error) {
    refuse(directory, `no socket can be opened there: ${(error as Error).message}`);
  }
  const snapshots = async (): Promise<WorkerSnapshot[]> => {
    const names = attempt(() => readdirSync(directory)) ?? [];
    const others = names.filter((name) => name.endsWith(SUFFIX) && name !== id + SUFFIX);
    const answers = await Promise.all(others.map((name) => ask(join(directory, name))));
    return [own(), ...answers.filter((answer) => answer !== undefined)];
  };
  return {
    snapshots,
    getMemoryStats: () => statsOfWorkers({ snapshots }),
    close: () =>
      new Promise((resolve) => {
        if (server === undefined) return resolve();
        server.close(() => resolve());
        server = undefined;
      }),
  };
}
