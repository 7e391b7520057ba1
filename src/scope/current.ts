import { VelithonError } from "../shared/errors.ts";
import type { RuntimePort } from "../shared/port.ts";
import { runtime } from "../shared/runtime.ts";
import { ambientContext, contextClosed } from "./ambient.ts";
import type { RequestMemoryContext } from "./context.ts";

const ambient = (port: RuntimePort): RequestMemoryContext | undefined =>
  ambientContext<RequestMemoryContext>(port).getStore();

/** Returns the context that the surrounding `.run()` made ambient. @throws `NO_CONTEXT`, `CONTEXT_CLOSED` */
export function getMemoryContext(port: RuntimePort = runtime()): RequestMemoryContext {
  const context = ambient(port);
  if (!context) {
    throw new VelithonError(
      "NO_CONTEXT",
      "there is no memory context here; accepted: a call from within context.run(fn) or withMemoryOptimization(fn)",
    );
  }
  if (context.closed) throw contextClosed();
  return context;
}

/** Like `getMemoryContext`, but returns `undefined` if there is none or it has ended. */
export function tryGetMemoryContext(port: RuntimePort = runtime()): RequestMemoryContext | undefined {
  const context = ambient(port);
  return context?.closed ? undefined : context;
}
