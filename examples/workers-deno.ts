/**
 * Deno: `DENO_JOBS=3 deno serve --parallel --allow-env --allow-read --allow-write examples/workers-deno.ts`: three
 * threads of one process.
 */
import type { Hono } from "hono";
import { createWorker } from "./workers.ts";

const app: Hono = await createWorker();

export default app;
