/**
 * What the usual metrics of a process tell beside its memory: read when somebody scrapes, never by the sampler.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import process from "node:process";
import timers from "node:timers";
import type { ProcessReading } from "../src/shared/process.ts";
import { attempt, mayRead, openText } from "./shared.ts";

/** What Node has and does not document; `prom-client` reads the same. */
const { _getActiveHandles, _getActiveRequests } = process as unknown as Record<
  "_getActiveHandles" | "_getActiveRequests",
  (() => object[]) | undefined
>;

const activeResources = (): string[] | undefined => attempt(() => process.getActiveResourcesInfo());

/** Bun answers with none whatever there is. Tried with a timer. */
const tellsResources = (() => {
  const timer = timers.setTimeout(() => {}, 60_000);
  const told = activeResources()?.includes("Timeout") ?? false;
  timers.clearTimeout(timer);
  return told;
})();

function counted(names: readonly string[] | undefined): Record<string, number> | undefined {
  if (names === undefined || !tellsResources) return undefined;
  const counts: Record<string, number> = Object.create(null);
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const classesOf = (list: (() => object[]) | undefined): Record<string, number> | undefined =>
  list && counted(attempt(() => list.call(process).map((each) => each.constructor?.name || "Object")));

function readOnce(path: string, pattern: RegExp): number | undefined {
  const file = openText(path);
  const found = pattern.exec(file?.read() ?? "")?.[1];
  file?.close();
  return found === undefined ? undefined : Number(found);
}

/** Reading the folder opens a descriptor of its own. */
function openFiles(): number | undefined {
  const folder = "/proc/self/fd";
  return mayRead(folder) ? attempt(() => readdirSync(folder).length - 1) : undefined;
}

/** Cost: some tens of µs, and one more for each ten open files. */
export function readProcess(): ProcessReading {
  const cpu = attempt(() => process.cpuUsage());
  const dataKib = readOnce("/proc/self/status", /^VmData:\s+(\d+) kB$/m);
  return {
    userCpuMs: cpu && cpu.user / 1000,
    systemCpuMs: cpu && cpu.system / 1000,
    openFiles: openFiles(),
    maxFiles: readOnce("/proc/self/limits", /^Max open files\s+(\d+)/m),
    dataBytes: dataKib && dataKib * 1024,
    resources: counted(activeResources()),
    handles: classesOf(_getActiveHandles),
    operations: classesOf(_getActiveRequests),
    nodeVersion: process.version,
  };
}
