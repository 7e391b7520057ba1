import { VelithonError } from "../shared/errors.ts";
import type { AsyncContext, RuntimePort } from "../shared/port.ts";
import { runtime } from "../shared/runtime.ts";
import type { RequestMemoryContext } from "./context.ts";

const ambient = new WeakMap<RuntimePort, AsyncContext<RequestMemoryContext>>();

/** @internal One a port. */
export function ambientContext(port: RuntimePort): AsyncContext<RequestMemoryContext> {
  let context = ambient.get(port);
  if (!context) {
    context = port.createAsyncContext();
    ambient.set(port, context);
  }
  return context;
}

/** @internal */
export function contextClosed(): VelithonError {
  return new VelithonError(
    "CONTEXT_CLOSED",
    "the request's memory context has ended; accepted: use before the response has been sent",
  );
}

/** The context that the surrounding `.run()` made ambient. @throws `NO_CONTEXT`, `CONTEXT_CLOSED` */
export function getMemoryContext(port: RuntimePort = runtime()): RequestMemoryContext {
  const context = ambientContext(port).getStore();
  if (!context) {
    throw new VelithonError(
      "NO_CONTEXT",
      "there is no memory context here; accepted: a call from within context.run(fn) or withMemoryOptimization(fn)",
    );
  }
  if (context.closed) throw contextClosed();
  return context;
}

/** As `getMemoryContext`, `undefined` where there is none or it has ended. */
export function tryGetMemoryContext(port: RuntimePort = runtime()): RequestMemoryContext | undefined {
  const context = ambientContext(port).getStore();
  return context?.closed ? undefined : context;
}
