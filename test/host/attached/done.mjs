// A program that ends by itself: what is attached to it must not keep it.
import { createServer } from "node:http";

const server = createServer((_request, response) => response.end("once"));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
console.log(await (await fetch(`http://127.0.0.1:${server.address().port}/`)).text());
server.closeAllConnections?.();
server.close();
