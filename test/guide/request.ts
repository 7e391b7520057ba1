import type { Hono } from "hono";

/** By heading. */
export type Examples = Readonly<Record<string, () => void | Promise<void>>>;

export const text = async (app: Pick<Hono, "request">, path = "/"): Promise<string> =>
  (await app.request(path)).text();
