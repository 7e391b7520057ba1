import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

/** A request as a `fetch` handler takes it; `undefined` where its address is none. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = "GET", url = "/", headers: given } = incoming;
  const address = `http://${given.host ?? ""}${url}`;
  if (!url.startsWith("/") || !URL.canParse(address)) return undefined;
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const body = method === "GET" || method === "HEAD" ? null : Readable.toWeb(incoming);
  return new Request(address, { method, headers, body, signal, duplex: "half" } as unknown as RequestInit);
}

async function answer(
  fetch: (request: Request) => Response | Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  try {
    const request = requestOf(incoming, gone.signal);
    const response = request ? await fetch(request) : new Response("bad request", { status: 400 });
    outgoing.writeHead(response.status, Array.from(response.headers).flat());
    outgoing.flushHeaders();
    if (response.body) await pipeline(Readable.fromWeb(response.body as unknown as ReadableStream), outgoing);
    else outgoing.end();
  } catch {
    // Whoever asked is gone, or the request cannot be read.
    if (!outgoing.headersSent) outgoing.writeHead(500).end();
    else outgoing.destroy();
  }
}

/** A server of `node:http` around a `fetch` handler: enough for an admin port, without a package. */
export const createFetchServer = (fetch: (request: Request) => Response | Promise<Response>): Server =>
  createServer((incoming, outgoing) => void answer(fetch, incoming, outgoing));
