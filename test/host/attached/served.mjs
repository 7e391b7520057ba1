// An app that knows nothing of this library, at the PORT it is given.
import { createServer } from "node:http";

const answer = JSON.stringify(Array.from({ length: 100 }, (_, i) => ({ id: i, name: `thing ${i}` })));
createServer((_request, response) => response.end(answer)).listen(Number(process.env.PORT), "127.0.0.1");
