import { show, VelithonError } from "./errors.ts";
import type { RuntimePort } from "./port.ts";

let current: RuntimePort | undefined;

/** Without these nothing works; what else is missing of a port is an error of its own kind. */
const NEEDED = [
  "now",
  "random",
  "collect",
  "readMemory",
  "every",
  "after",
  "defer",
  "environmentVariable",
] as const;

/** Whether a value can serve as a port. */
export function isPort(value: unknown): value is RuntimePort {
  if (typeof value !== "object" || value === null) return false;
  const port = value as Partial<RuntimePort>;
  return typeof port.capabilities === "object" && NEEDED.every((name) => typeof port[name] === "function");
}

/** @throws `INVALID_OPTION` unless `port` can serve as one */
export function requirePort(where: string, port: unknown): void {
  if (isPort(port)) return;
  throw new VelithonError("INVALID_OPTION", `${where}: port is ${show(port)}; accepted: a RuntimePort`);
}

/** Makes `port` the one that is used if none is passed. Each runtime's entry point calls it once. @throws `INVALID_OPTION` */
export function useRuntime(port: RuntimePort): void {
  requirePort("useRuntime", port);
  current = port;
}

/** Returns the runtime's port. @throws `NO_RUNTIME` if no entry point of a runtime was imported */
export function runtime(): RuntimePort {
  if (!current) {
    throw new VelithonError(
      "NO_RUNTIME",
      'no runtime is known; import "velithon", or call useRuntime(port) first',
    );
  }
  return current;
}
