import type { Hono } from "hono";
import type { MemoryOptimizer } from "../../src/index.ts";
import type { FakePort } from "./port.ts";

/** What a logger was told. */
export interface Told {
  level: "info" | "warn" | "error";
  fields: Record<string, unknown>;
  message: string;
}

/** A logger that keeps what it is told. */
export function recorder(): {
  told: Told[];
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
} {
  const told: Told[] = [];
  const at = (level: Told["level"]) => (fields: object, message: string) =>
    void told.push({ level, fields: fields as Record<string, unknown>, message });
  return { told, info: at("info"), warn: at("warn"), error: at("error") };
}

/** A request whose response the server has not sent: `ended` holds what to call when it has. */
export interface Open {
  response: Response;
  /** False: the client went away first. */
  end(sent?: boolean): void;
}

/** Requests one after the other, every 10 ms, each with what it made due. */
// biome-ignore lint/suspicious/noExplicitAny: any app may be asked
export async function send(app: Hono<any>, port: FakePort, count = 1, path = "/"): Promise<void> {
  for (let i = 0; i < count; i++) {
    const response = await app.request(path);
    await response.text();
    port.runDeferred();
    port.nowMs += 10;
  }
}

/** A request that stays in flight until `end`. */
// biome-ignore lint/suspicious/noExplicitAny: any app may be asked
export async function open(app: Hono<any>, path = "/"): Promise<Open> {
  const ended: ((sent: boolean) => void)[] = [];
  const response = await app.request(path, undefined, { ended });
  return {
    response,
    end(sent = true) {
      for (const done of ended) done(sent);
    },
  };
}

export function inFlight(optimizer: MemoryOptimizer): number {
  return optimizer.getMemoryStats().requests.inFlight;
}
