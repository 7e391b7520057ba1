import type { RequestMemoryContext } from "../scope/context.ts";
import type { RuntimePort } from "../shared/port.ts";

/** What a request is answered with: a response, a promise of one, or hono's context that has it. */
export type Answer =
  | Response
  | PromiseLike<Response>
  | { readonly finalized: boolean; readonly res: Response };

/** Ends the context of a request that has been answered. What may still be written has not left yet. */
export async function closeBehind(
  answer: Answer,
  context: RequestMemoryContext,
  port: RuntimePort,
): Promise<void> {
  try {
    const response = "finalized" in answer ? answer.finalized && answer.res : await answer;
    if (response && port.endsUnseen?.(response)) context.abandon();
  } catch {
    // There is no response.
  }
  await context.closeAsync();
}
