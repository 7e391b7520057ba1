import * as assert from "uvu/assert";
import { type AppOptions, createApp } from "../../src/app.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { type FakePort, fakePort } from "./port.ts";

export const LOCAL = { host: "127.0.0.1:3000" };
export const FAR = { host: "example.com" };
export const TOKEN = "a-token-of-16-or-more";
export const RIGHT = { authorization: `Bearer ${TOKEN}` };
export const READS: readonly string[] = ["/stats", "/metrics", "/memory/state", "/memory/events"];
export const ACTIONS: readonly string[] = [
  "/memory/cleanup",
  "/memory/collect",
  "/memory/collect?generation=0",
];

export type Headers = Record<string, string>;

export interface Made {
  port: FakePort;
  get(path: string, headers?: Headers): Promise<Response>;
  post(path: string, headers?: Headers, body?: string): Promise<Response>;
}

export function make(options: Partial<AppOptions> = {}, variables: Record<string, string> = {}): Made {
  const port = fakePort({ variables });
  const app = createApp({ optimizer: createMemoryOptimizer({ port }), loopback: true, ...options });
  return {
    port,
    get: async (path, headers = LOCAL) => app.request(path, { headers }),
    post: async (path, headers = LOCAL, body) =>
      app.request(path, { method: "POST", headers, ...(body === undefined ? {} : { body }) }),
  };
}

/** Answers 200 to those who may see details on each route; others get this status and no figure. */
export async function checkReads(
  options: Partial<AppOptions>,
  headers: Headers,
  status: number,
): Promise<void> {
  const { get } = make(options);
  const what = `${JSON.stringify(options)} ${JSON.stringify(headers)}`;
  for (const path of READS) {
    const response = await get(path, headers);
    assert.is(response.status, status, `${path} ${what}`);
    if (path.endsWith("events") && status === 200) await response.body?.cancel();
    else {
      const text = await response.text();
      if (status !== 200) assert.not.match(text, /rss|memory/i, what);
    }
    if (status === 401) assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/, what);
  }
  const body = await (await get("/health", headers)).text();
  assert.is(body.includes("memoryMb"), status === 200, what);
}
