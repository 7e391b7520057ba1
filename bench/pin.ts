import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import process from "node:process";

const taskset = ["/usr/bin/taskset", "/bin/taskset"].find((path) => existsSync(path));
const cores = availableParallelism();
const canPin = taskset !== undefined && cores >= 2;
const last = String(cores - 1);

/** A command kept to some cores, where the machine has a way to. Load comes from the last one. */
export function pinned(
  bin: string,
  args: readonly string[],
  to: "first" | "last" | "any",
): [string, string[]] {
  if (!canPin || to === "any") return [bin, [...args]];
  const set = to === "last" ? last : cores === 2 ? "0" : `0-${cores - 2}`;
  return [taskset!, ["-c", set, bin, ...args]];
}

/** Keeps this process, which makes the load, to the last core. */
export function pinHere(): void {
  if (canPin) execFileSync(taskset!, ["-a", "-p", "-c", last, String(process.pid)], { stdio: "ignore" });
}
