/** Node: `node:cluster`, one port, three processes. */
import cluster from "node:cluster";
import process from "node:process";
import { serve } from "@hono/node-server";
import { createWorker } from "./workers.ts";

const port = Number(process.env.PORT ?? 3000);

if (cluster.isPrimary) {
  for (let i = 0; i < 3; i++) cluster.fork();
  process.on("SIGTERM", () => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.kill();
    process.exit(0);
  });
} else {
  serve({ fetch: (await createWorker()).fetch, port, hostname: "127.0.0.1" });
}
