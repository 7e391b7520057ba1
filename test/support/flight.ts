import { setTimeout as wait } from "node:timers/promises";
import * as assert from "uvu/assert";
import type { RequestStats } from "../../src/index.ts";

/** Waits for what requests come to; sockets tell of an end a little after the client saw it. */
export interface Flight {
  until(what: string, reached: () => boolean): Promise<void>;
  idle(what: string): Promise<void>;
}

export function flightOf(stats: () => RequestStats): Flight {
  async function until(what: string, reached: () => boolean): Promise<void> {
    for (let i = 0; i < 400 && !reached(); i++) await wait(5);
    const { inFlight, longLived, finished } = stats();
    assert.ok(reached(), `${what}: ${inFlight} in flight, ${longLived} long-lived, ${finished} finished`);
  }
  return {
    until,
    idle: (what) =>
      until(what, () => {
        const { inFlight, longLived, started, finished } = stats();
        return inFlight + longLived === 0 && finished === started;
      }),
  };
}
