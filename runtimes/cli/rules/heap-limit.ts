import type { Facts } from "../facts.ts";
import { showBytes } from "../output.ts";
import { doctorWith, v8Flag } from "./command.ts";
import type { Action } from "./rule.ts";

const MB = 1024 * 1024;
/** What a process needs beside its heap: code, stacks, buffers. Node 20 to 26 and Deno hold 40 to 60 MB at rest. */
const BESIDE_BYTES = 96 * MB;
/** Of the limit, for the heap: the rest is for buffers and native memory. */
const HEAP_SHARE = 0.75;
/** A heap bound above this share of the limit is never reached: the kernel ends the process first. */
const DANGER_SHARE = 0.95;
/** A heap bound below this share of a large limit leaves memory that was paid for unused. */
const WASTE_SHARE = 0.4;
const LARGE_LIMIT_BYTES = 1024 * MB;

/** The old generation that fits a limit, in MB; `undefined` where the limit is too small to say. */
export function fittingOldMb(limitBytes: number, youngHalfBytes: number | undefined): number | undefined {
  const young = 3 * (youngHalfBytes ?? 16 * MB);
  const heap = Math.min(limitBytes * HEAP_SHARE, limitBytes - BESIDE_BYTES);
  const old = Math.floor((heap - young) / MB);
  return old >= 32 ? old : undefined;
}

/** The engine's own bound against the container's. */
export function heapLimit(facts: Facts): Action | undefined {
  const { runtime, limitBytes, heapLimitBytes, youngHalfBytes } = facts;
  if (runtime === "bun" || limitBytes === undefined || heapLimitBytes === undefined) return undefined;
  const danger = heapLimitBytes > limitBytes * DANGER_SHARE;
  const waste = limitBytes >= LARGE_LIMIT_BYTES && heapLimitBytes < limitBytes * WASTE_SHARE;
  if (!danger && !waste) return undefined;
  const oldMb = fittingOldMb(limitBytes, youngHalfBytes);
  const evidence = `heap limit ${showBytes(heapLimitBytes)}, container limit ${showBytes(limitBytes)}`;
  const verify = (flag?: string) => doctorWith(runtime, flag);
  if (oldMb === undefined) {
    return {
      rule: "heap-limit",
      severity: "danger",
      what: "The container is too small for this runtime: it is killed before it collects.",
      evidence,
      instead: `raise the container's limit to ${showBytes(256 * MB)} or more`,
      verify: verify(),
    };
  }
  const flag = v8Flag(runtime, `--max-old-space-size=${oldMb}`);
  return {
    rule: "heap-limit",
    severity: danger ? "danger" : "gain",
    what: danger
      ? "The heap may grow past the container's limit: the kernel kills the process before the engine collects hard."
      : "The heap may use only a small part of the container's memory.",
    evidence,
    flag,
    verify: verify(flag),
  };
}
