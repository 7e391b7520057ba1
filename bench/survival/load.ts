import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** How a client takes a 503: not politely, or it would wait for the seconds that it was told. */
const RETRY_MS = 250;
const TIMEOUT_MS = 20_000;

/** About so many bytes of JSON: the lines of an order. */
export function orderOf(bytes: number): Buffer {
  const lines: string[] = [];
  for (let length = 2, i = 0; length < bytes; i++) {
    const line = JSON.stringify({
      sku: `A-${(i * 7919) % 100_000}`,
      title: `article number ${i}`,
      price: (i % 500) / 4,
      quantity: (i % 9) + 1,
      tags: ["blue", "large"],
    });
    lines.push(line);
    length += line.length + 1;
  }
  return Buffer.from(`[${lines.join(",")}]`);
}

export interface Tally {
  ok: number;
  shed: number;
  /** No answer: refused, reset, timed out. */
  failed: number;
  other: number;
  /** 503 without a usable Retry-After. */
  withoutRetryAfter: number;
}

export function tally(): Tally {
  return { ok: 0, shed: 0, failed: 0, other: 0, withoutRetryAfter: 0 };
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

function send(agent: http.Agent, url: string, body: Buffer | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      {
        agent,
        method: body ? "POST" : "GET",
        timeout: TIMEOUT_MS,
        headers: body ? { "content-type": "application/json", "content-length": body.length } : {},
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode!, retryAfter: response.headers["retry-after"], body: text }),
        );
      },
    );
    request.on("timeout", () => request.destroy(new Error("timeout")));
    request.on("error", reject);
    request.end(body);
  });
}

/** So many clients, each sending again as soon as it is answered, for so long, or until `over`. */
export async function burst(
  url: string,
  clients: number,
  body: Buffer,
  ms: number,
  into: Tally,
  over: () => boolean = () => false,
): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const end = performance.now() + ms;
  const client = async () => {
    while (performance.now() < end && !over()) {
      try {
        const { status, retryAfter } = await send(agent, url, body);
        if (status === 200) into.ok += 1;
        else if (status === 503) {
          into.shed += 1;
          if (!/^[1-9]\d*$/.test(retryAfter ?? "")) into.withoutRetryAfter += 1;
          await sleep(RETRY_MS);
        } else into.other += 1;
      } catch {
        into.failed += 1;
        await sleep(RETRY_MS);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
}

const apart = new http.Agent({ keepAlive: false });
const kept = new http.Agent({ keepAlive: true });

/** One GET, on a connection of its own or on one that is kept; `undefined` where nobody answered. */
export async function ask(
  url: string,
  connection: "apart" | "kept",
): Promise<{ status: number; body: string; tookMs: number } | undefined> {
  const start = performance.now();
  try {
    const { status, body } = await send(connection === "kept" ? kept : apart, url, undefined);
    return { status, body, tookMs: performance.now() - start };
  } catch {
    return undefined;
  }
}
