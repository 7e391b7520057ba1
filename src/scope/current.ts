import { VelithonError } from "../shared/errors.ts";
import type { RuntimePort } from "../shared/port.ts";
import { requirePort, runtime } from "../shared/runtime.ts";
import { ambientContext, contextClosed } from "./ambient.ts";
import type { RequestMemoryContext } from "./context.ts";

function ambient(where: string, given: RuntimePort | undefined): RequestMemoryContext | undefined {
  if (given !== undefined) requirePort(where, given);
  return ambientContext<RequestMemoryContext>(given ?? runtime()).getStore();
}

/** Returns the context that the surrounding `.run()` made ambient. @throws `NO_CONTEXT`, `CONTEXT_CLOSED`, `INVALID_OPTION` */
export function getMemoryContext(port?: RuntimePort): RequestMemoryContext {
  const context = ambient("getMemoryContext", port);
  if (!context) {
    throw new VelithonError(
      "NO_CONTEXT",
      "there is no memory context here; accepted: a call from within context.run(fn) or withMemoryOptimization(fn), or behind memoryOptimization({ ambientContext: true })",
    );
  }
  if (context.closed) throw contextClosed();
  return context;
}

/** Like `getMemoryContext`, but returns `undefined` if there is none or it has ended. @throws `INVALID_OPTION` */
export function tryGetMemoryContext(port?: RuntimePort): RequestMemoryContext | undefined {
  const context = ambient("tryGetMemoryContext", port);
  return context?.closed ? undefined : context;
}
