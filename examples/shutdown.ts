/**
 * The end of a server: take no new connections, let the open responses finish, clean up, report, exit.
 * Works with the server of any runtime:
 *
 * - Node: `{ drain: () => new Promise((done) => server.close(done)), abort: () => server.closeAllConnections() }`
 * - Bun: `{ drain: () => server.stop(), abort: () => server.stop(true) }`
 * - Deno: `{ drain: () => server.shutdown(), abort() {} }`. After a shutdown, Deno cannot end what is open: aborting the
 *   server's signal then ends the whole program with an error. The end of the process does it.
 */
import process from "node:process";
import { type CleanupStats, disableMemoryOptimizations, manualMemoryCleanup } from "velithon";

export interface Stoppable {
  /** Takes no more connections; settles when the open responses have ended. */
  drain(): Promise<unknown>;
  /** Ends what is still open. */
  abort(): unknown;
}

/** @param drainMs how long open responses may take; what is open after that is cut off */
export async function shutDown(server: Stoppable, drainMs = 10_000): Promise<CleanupStats> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, drainMs, "late");
  });
  try {
    if ((await Promise.race([server.drain(), late])) === "late") server.abort();
  } finally {
    clearTimeout(timer);
  }
  // Idle pool objects go, so that what they hold (files, sockets) can be closed by then.
  const cleanup = manualMemoryCleanup();
  // Stops the sampler and the observer.
  disableMemoryOptimizations();
  return cleanup;
}

/** @param ended what happens last; by default the report is logged and the process exits */
export function shutDownOnSignal(
  server: Stoppable,
  ended: (cleanup: CleanupStats) => void = (cleanup) => {
    console.log("shutdown clean-up", cleanup);
    process.exit(0);
  },
): void {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, async () => {
      // Who asks twice does not want to wait.
      if (stopping) process.exit(1);
      stopping = true;
      ended(await shutDown(server));
    });
  }
}
