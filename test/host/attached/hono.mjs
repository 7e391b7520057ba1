// An app that knows nothing of this library, served as each runtime serves it.
import { Hono } from "hono";

const app = new Hono();
app.get("/items/:id", (c) => c.json({ id: c.req.param("id") }));
app.get("/slow", () => new Response(new ReadableStream({ start: (out) => out.enqueue(new Uint8Array(1)) })));
const hostname = "127.0.0.1";
let port;
if ("Bun" in globalThis) port = Bun.serve({ fetch: app.fetch, hostname, port: 0 }).port;
else if ("Deno" in globalThis) {
  port = Deno.serve({ hostname, port: 0, onListen() {} }, app.fetch).addr.port;
} else {
  const { serve } = await import("@hono/node-server");
  port = await new Promise((resolve) =>
    serve({ fetch: app.fetch, hostname, port: 0 }, (at) => resolve(at.port)),
  );
}
console.log(`listening ${port}`);
