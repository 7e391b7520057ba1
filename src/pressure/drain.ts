/**
 * The last resort: if memory stays critical whatever is freed, this process ends in good order, and its supervisor
 * starts another.
 *
 * @module
 */

import { requireOptimizer } from "../shared/errors.ts";
import type { Logger } from "../shared/logger.ts";
import { callable, integer, number, optional, options, parseOptions } from "../shared/options.ts";
import type { Closable, RuntimePort } from "../shared/port.ts";
import type { PressureControl } from "./control.ts";

/** `EX_TEMPFAIL` of sysexits.h: a temporary failure, try again. A supervisor restarts on it. */
export const DRAINED_EXIT_CODE = 75;

/** Options of `drainAndExit`. */
export interface DrainAndExitOptions {
  /** Stops accepting connections, and settles once open responses have ended. Waited for at most `drainTimeoutMs`. */
  stop: () => Promise<unknown> | unknown;
  /** Ends the process, like `process.exit`. */
  exit: (code: number) => void;
  /** How long the level must be critical without a break, in ms. Default 30,000. */
  afterMs?: number | undefined;
  /** Each worker waits for a random time up to this, in ms, and then checks again: one exit may be enough. Default 10,000. */
  jitterMs?: number | undefined;
  /** How long to wait for `stop`, in ms. Default 10,000. */
  drainTimeoutMs?: number | undefined;
  /** Default 75 (`EX_TEMPFAIL`). */
  exitCode?: number | undefined;
}

const schema = options({
  stop: callable<() => Promise<unknown> | unknown>(),
  exit: callable<(code: number) => void>(),
  afterMs: optional(number(1000, 86_400_000), 30_000),
  jitterMs: optional(number(0, 3_600_000), 10_000),
  drainTimeoutMs: optional(number(0, 3_600_000), 10_000),
  exitCode: optional(integer(1, 255), DRAINED_EXIT_CODE),
});

/**
 * Stops the server and exits with its own exit code once memory pressure stays `critical`. Off unless you call it.
 *
 * @throws `INVALID_OPTION`; `ALREADY_ARMED` if the optimizer has a drain that was not closed
 * @returns close it to call the drain off, even while it waits
 * @example
 * ```ts
 * drainAndExit(optimizer, { stop: () => server.close(), exit: (code) => process.exit(code) });
 * ```
 */
export function drainAndExit(
  optimizer: { readonly port: RuntimePort; readonly logger: Logger; readonly pressure: PressureControl },
  given: DrainAndExitOptions,
): Closable {
  requireOptimizer("drainAndExit", optimizer);
  const parsed = parseOptions("drainAndExit", schema, given);
  const { port, logger, pressure } = optimizer;
  let wait: Closable | undefined;
  let begun = false;
  let closed = false;

  const go = async () => {
    wait = undefined;
    if (begun || closed || pressure.level !== "critical") return;
    begun = true;
    const { reason } = pressure.info();
    logger.error(
      { exitCode: parsed.exitCode, reason },
      `memory stayed critical for ${parsed.afterMs} ms: draining, then exit with code ${parsed.exitCode}`,
    );
    await new Promise<void>((resolve) => {
      // Waits on a timer that keeps nothing alive: the open server does.
      port.after(parsed.drainTimeoutMs, resolve);
      Promise.resolve()
        .then(parsed.stop)
        .catch((error: unknown) => logger.error({ err: error }, "the drain failed"))
        .then(() => resolve());
    });
    parsed.exit(parsed.exitCode);
  };

  const armed = pressure.onDrain(parsed.afterMs, () => {
    if (begun) return;
    wait?.close();
    wait = port.after(port.random() * parsed.jitterMs, () => void go());
  });
  return {
    close() {
      closed = true;
      armed.close();
      wait?.close();
    },
  };
}
