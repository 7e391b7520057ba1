// An app that knows nothing of this library.
import fastify from "fastify";

const app = fastify();
app.get("/items/:id", async (request) => ({ id: request.params.id }));
app.get("/slow", (_request, reply) => {
  reply.hijack();
  reply.raw.write("first");
});
await app.listen({ port: 0, host: "127.0.0.1" });
console.log(`listening ${app.server.address().port}`);
