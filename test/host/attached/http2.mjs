// An app that knows nothing of this library, over HTTP/2 without TLS.
import { createServer } from "node:http2";

const server = createServer((request, response) => {
  if (request.url === "/slow") response.write("first");
  else response.end(JSON.stringify({ path: request.url, version: request.httpVersion }));
});
server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
