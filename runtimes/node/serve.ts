import { createAdaptorServer } from "@hono/node-server";
import "./index.ts";
import type { Server } from "node:http";
import { serveApp } from "../server.ts";
import { stopperOf } from "./drain-http.ts";

await serveApp(async (fetch, { host, port }) => {
  const server = createAdaptorServer({ fetch }) as Server;
  const drain = stopperOf(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return { port: typeof address === "object" && address ? address.port : port, drain };
});
