import { VelithonError } from "../shared/errors.ts";
import type { AsyncContext, RuntimePort } from "../shared/port.ts";

const contexts = new WeakMap<RuntimePort, AsyncContext<unknown>>();

/** @internal One a port: what is ambient there is a request's context. */
export function ambientContext<T>(port: RuntimePort): AsyncContext<T> {
  let context = contexts.get(port);
  if (!context) {
    context = port.createAsyncContext();
    contexts.set(port, context);
  }
  return context as AsyncContext<T>;
}

/** @internal */
export function contextClosed(): VelithonError {
  return new VelithonError(
    "CONTEXT_CLOSED",
    "the request's memory context has ended; accepted: use before the response has been sent",
  );
}
