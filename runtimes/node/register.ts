/**
 * `node --import velithon/register app.js`: monitoring and the dashboard for any server of `node:http`, without a
 * change to the program.
 *
 * @module
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import process from "node:process";
import "./index.ts";
import { attach } from "../attach.ts";

/** What the channel tells. */
interface Started {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

let admin: Server | undefined;

/** Where Node guards the network (26), a server that may not listen throws from a callback, which ends the program. */
function checkPermission(): void {
  const { permission } = process as { permission?: { has(scope: string): boolean } };
  if (!permission || permission.has("net") || !process.allowedNodeEnvironmentFlags.has("--allow-net")) return;
  throw new Error("this process may not listen; start it with --allow-net");
}

await attach({
  watch({ begin }) {
    subscribe("http.server.request.start", (message) => {
      const { request, response, server } = message as Started;
      if (server !== admin) begin(request, response);
    });
  },
  async listen(fetch, port) {
    checkPermission();
    // Not before it is needed: on Node 22 without WebAssembly, importing `node:http` ends the program.
    const { createFetchServer } = await import("./fetch-server.ts");
    const server = createFetchServer(fetch);
    admin = server;
    server.on("connection", (socket) => socket.unref());
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      // Exclusive: the workers of a cluster must not answer for one another.
      server.listen({ host: "127.0.0.1", port, exclusive: true }, resolve);
    });
    server.unref();
    return (server.address() as { port: number }).port;
  },
});
