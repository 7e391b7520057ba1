/** Bun: the same program several times, each with the same port. Start as many as you want workers. */
import { createWorker } from "./workers.ts";

Bun.serve({
  port: Number(process.env.PORT ?? 3000),
  hostname: "127.0.0.1",
  reusePort: true,
  fetch: (await createWorker()).fetch,
});
