import { createCore } from "../../src/core/index.ts";
import { ObjectPool, RequestMemoryContext, type RuntimePort } from "../../src/index.ts";
import { loadPort } from "./port.ts";

export const port: RuntimePort = await loadPort();

export function open(): RequestMemoryContext {
  return new RequestMemoryContext(undefined, port);
}

export function boxes(): ObjectPool<{ id: number }> {
  let id = 0;
  return new ObjectPool(createCore(), { name: "boxes", factory: () => ({ id: ++id }) });
}

export function fail(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}
