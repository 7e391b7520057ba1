import "./index.ts";
import { serveApp } from "../server.ts";

await serveApp(async (fetch, { host, port }) => {
  const server = Bun.serve({ fetch, hostname: host, port });
  return { port: server.port ?? port, drain: () => server.stop() };
});
