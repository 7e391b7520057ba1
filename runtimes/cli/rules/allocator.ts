import type { Facts } from "../facts.ts";
import { doctorWith } from "./command.ts";
import type { Action } from "./rule.ts";

/** From this many CPUs on glibc may make so many arenas that their fragments count. */
const MANY_CPUS = 8;

/**
 * glibc gives each thread an arena, up to 8 for each CPU, and keeps what is freed in them: resident memory grows
 * with native allocations (buffers, TLS, compression) without any leak.
 */
export function allocator({ runtime, allocator, cpus, limitBytes }: Facts): Action | undefined {
  if (allocator?.name !== "glibc" || allocator.arenaMax !== undefined) return undefined;
  if (cpus === undefined || cpus < MANY_CPUS || limitBytes === undefined) return undefined;
  return {
    rule: "allocator",
    severity: "gain",
    what: "The system's allocator may keep freed memory for each of many threads, and it counts against the container's limit.",
    evidence: `glibc, ${cpus} CPUs: up to ${8 * cpus} arenas; MALLOC_ARENA_MAX is not set`,
    variable: { name: "MALLOC_ARENA_MAX", value: "2" },
    verify: `MALLOC_ARENA_MAX=2 ${doctorWith(runtime)}`,
  };
}
