import { createGovernorCore, type GovernorCore } from "../../src/core/governor.ts";
import { ACTING, bitsOf } from "../../src/governor/policies.ts";
import {
  type ActingPolicy,
  createMemoryOptimizer,
  type GovernorOptions,
  type MemoryOptimizer,
  type PolicyStats,
} from "../../src/index.ts";
import { type FakePort, type FakeSettings, fakePort } from "./port.ts";

const MB = 1024 * 1024;

export interface Governed {
  readonly port: FakePort;
  readonly optimizer: MemoryOptimizer;
}

/** An optimizer under this policy on a fake runtime whose old generation is `old` MB; enabled. */
export function governed(governor: GovernorOptions, settings?: FakeSettings, old = 50): Governed {
  const port = fakePort(settings);
  setOld(port, old);
  const logger = { info() {}, warn() {}, error() {} };
  return { port, optimizer: createMemoryOptimizer({ port, governor, logger }).enable() };
}

/** The old generation in MB. */
export function setOld(port: FakePort, mb: number): void {
  port.heapSpaces = [
    { name: "new_space", usedBytes: 8 * MB, totalBytes: 16 * MB, young: true },
    { name: "old_space", usedBytes: mb * MB, totalBytes: (mb + 10) * MB, young: false },
  ];
}

/** Requests of 1 ms, one every `gapMs`, for `durationMs`; each takes `cpuMs` of CPU time. */
export function traffic({ port, optimizer }: Governed, durationMs: number, gapMs = 5, cpuMs = 1): void {
  for (let t = 0; t < durationMs; t += gapMs) {
    const request = optimizer.requests.start();
    port.advance(1);
    optimizer.requests.end(request);
    if (port.cpuMs !== undefined) port.cpuMs += cpuMs;
    port.advance(gapMs - 1);
  }
}

/** What became of a policy's opportunities. */
export function policyStats({ optimizer }: Governed, policy: ActingPolicy): PolicyStats {
  return optimizer.getMemoryStats().governor.actions[policy]!;
}

/** The core under these policies, asked what it decides and nothing else. */
export function coreUnder(...policies: readonly ActingPolicy[]): GovernorCore {
  const made = createGovernorCore();
  made.exports.governorConfigure(bitsOf(policies, ACTING));
  return made;
}
