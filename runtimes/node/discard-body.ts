/** The parts of a request of `node:http` that are used here. */
export interface Incoming {
  readonly method?: string | undefined;
  readonly httpVersionMajor?: number;
  readonly readableDidRead: boolean;
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
  once(event: "end" | "close", listener: () => void): unknown;
  resume(): unknown;
}

/**
 * See `discardBody` of the port. `@hono/node-server` closes the connection 500 ms behind an answer if the request's
 * body has not come by then. A client that has sent all of it knows nothing of that, and its next request is lost.
 * Of HTTP/2 only the stream is closed.
 */
export function discardBody(incoming: Incoming | undefined): Promise<void> | undefined {
  if (typeof incoming?.resume !== "function" || incoming.httpVersionMajor === 2) return undefined;
  if (incoming.method === "GET" || incoming.method === "HEAD") return undefined;
  if (incoming.readableEnded || incoming.readableDidRead || incoming.destroyed) return undefined;
  return new Promise((resolve) => {
    incoming.once("end", resolve);
    incoming.once("close", resolve);
    incoming.resume();
  });
}
