interface Emitter {
  on(event: "close", listener: () => void): unknown;
}

/** Where a connection keeps what those wait for that have not had their turn yet. */
const WAITING = Symbol("velithon.waiting");

interface Connection extends Emitter {
  [WAITING]?: Set<() => void>;
}

/**
 * Calls back when a response of `node:http` was sent, failed or was given up; twice does no harm. One that waits for
 * its turn behind another on the same connection (pipelining) has no socket yet, and hears nothing when the client
 * goes away: not on Deno, nor on Node before 24. The connection hears it.
 */
export function onceClosed(request: object | undefined, response: Emitter, closed: () => void): void {
  response.on("close", closed);
  if ((response as { socket?: unknown }).socket !== null) return;
  const connection = (request as { socket?: Connection | null } | undefined)?.socket;
  if (typeof connection?.on !== "function") return;
  const waiting = waitingOn(connection);
  waiting.add(closed);
  response.on("close", () => waiting.delete(closed));
}

function waitingOn(connection: Connection): Set<() => void> {
  const known = connection[WAITING];
  if (known !== undefined) return known;
  const waiting = new Set<() => void>();
  connection[WAITING] = waiting;
  connection.on("close", () => {
    for (const closed of waiting) closed();
    waiting.clear();
  });
  return waiting;
}
