import type { Hono } from "hono";
import { createApp, type DashboardState } from "../../src/app.ts";
import { createMemoryOptimizer, type MemoryOptimizer } from "../../src/index.ts";
import { type FakePort, type FakeSettings, fakePort } from "./port.ts";

export const LOCAL = { host: "localhost" };
export const MAX_VIEWERS = 32;

export interface Made {
  port: FakePort;
  optimizer: MemoryOptimizer;
  stopping: AbortController;
  get(path: string): Promise<Response>;
}

export function make(settings: FakeSettings = {}): Made {
  const port = fakePort(settings);
  const optimizer = createMemoryOptimizer({ port });
  const stopping = new AbortController();
  // biome-ignore lint/suspicious/noExplicitAny: any app may be asked
  const app: Hono<any> = createApp({ optimizer, loopback: true, stopping: stopping.signal });
  return { port, optimizer, stopping, get: async (path) => app.request(path, { headers: LOCAL }) };
}

export interface Reader {
  /** The next event's data; `undefined` at the end. */
  next(): Promise<DashboardState | undefined>;
  cancel(): Promise<void>;
}

export function read(response: Response): Reader {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    async next() {
      for (;;) {
        const end = text.indexOf("\n\n");
        if (end >= 0) {
          const event = text.slice(0, end);
          text = text.slice(end + 2);
          if (event.startsWith("event: state\ndata: ")) return JSON.parse(event.slice(19)) as DashboardState;
          continue;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += decoder.decode(value, { stream: true });
      }
    },
    cancel: () => reader.cancel(),
  };
}
