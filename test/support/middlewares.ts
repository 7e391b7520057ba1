import { Hono } from "hono";
import { createMemoryOptimizer, type MemoryOptimizer, type VelithonVariables } from "../../src/index.ts";
import { recorder } from "./app.ts";
import { type FakePort, fakePort } from "./port.ts";

export type App = Hono<{ Variables: VelithonVariables }>;

export interface Made {
  app: App;
  port: FakePort;
  optimizer: MemoryOptimizer;
  logger: ReturnType<typeof recorder>;
}

export function make(enabled = true): Made {
  const port = fakePort();
  const logger = recorder();
  const optimizer = createMemoryOptimizer({ port, logger, enabled });
  return { app: new Hono(), port, optimizer, logger };
}
