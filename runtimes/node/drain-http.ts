import type { Server } from "node:http";
import type { Socket } from "node:net";

/** How often connections are looked at that became idle while the server stops. */
const LOOK_MS = 100;

/**
 * Makes the function that stops a server of `node:http`, before it listens. By itself such a server waits for what
 * nobody needs: a connection that no byte came over counts as busy, and one that becomes idle later is ended only
 * at its keep-alive limit.
 *
 * @returns takes no more connections; settles once all that was under way has ended, however often it is called
 */
export function stopperOf(server: Server): () => Promise<void> {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      const looking = setInterval(() => server.closeIdleConnections(), LOOK_MS);
      server.close(() => {
        clearInterval(looking);
        resolve();
      });
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    });
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= stop();
    return stopped;
  };
}
