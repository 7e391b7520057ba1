/**
 * Governance around a whole `fetch` handler: hono's, or that of any other framework.
 *
 * @module
 */

import { type Passage, pass } from "../middleware/govern.ts";
import { governancePassage, type MemoryGovernanceOptions } from "../middleware/memory-governance.ts";
import { type GovernedRequest, governedAround } from "../requests/governed.ts";
import { patternOf } from "../requests/routes.ts";
import type { RequestTracker } from "../requests/tracker.ts";
import { requireFunction } from "../shared/errors.ts";
import { callable, optional } from "../shared/options.ts";
import { isThenable } from "../shared/thenable.ts";
import { pathOf } from "./path.ts";

/** Options of the three middlewares, and the optimizer that works for them. */
export interface GovernOptions extends MemoryGovernanceOptions {
  /** True for a request that is to pass uncounted: probes, a dashboard. Called for each. Default: none. */
  skip?: ((request: Request) => boolean) | undefined;
}

const skipping = optional(callable<(request: Request) => boolean>());

/** Any handler of the fetch kind: hono's `app.fetch`, that of `Bun.serve`, `Deno.serve`, or of a worker. */
// biome-ignore lint/suspicious/noExplicitAny: each server passes its own things beside the request
export type FetchHandler = (request: any, ...rest: any[]) => Response | PromiseLike<Response>;

/**
 * The same handler, governed: what `memoryGovernance` does, for a fraction of its cost. It answers
 * synchronously where the handler does, and where the server tells of the end (Node, Deno) it waits for nothing and
 * passes the answer on as it is.
 *
 * A handler reaches its context by `governedRequest(request).context`, or by `getMemoryContext()` with
 * `memoryOptimization: { ambientContext: true }`. Middlewares of this library that are mounted within, on single
 * routes, add their counts to the same request.
 *
 * @throws `INVALID_OPTION`, `TOO_MANY_GATES`
 * @example
 * ```ts
 * serve({ fetch: governFetch(app.fetch), port: 3000 });
 * ```
 */
export function governFetch<F extends FetchHandler>(fetch: F, given?: GovernOptions): F {
  requireFunction("governFetch: fetch", fetch, "a function, such as app.fetch");
  return governWith(fetch, governancePassage("governFetch", given, { skip: skipping }), given?.skip);
}

/** @internal As `governFetch`, with a passage of the caller's own. */
export function governWith<F extends FetchHandler>(
  fetch: F,
  passage: Passage,
  skip?: GovernOptions["skip"],
): F {
  const { optimizer } = passage;
  const { requests } = optimizer;
  function governed(this: unknown, request: Request, environment?: unknown, execution?: unknown) {
    if (skip?.(request) === true) return fetch.call(this, request, environment, execution);
    const around = governedAround(request, requests);
    if (around !== undefined) {
      pass(around, passage);
      return passage.ambient
        ? around.context.runOpen(() => fetch.call(this, request, environment, execution))
        : fetch.call(this, request, environment, execution);
    }
    const { enabled } = optimizer;
    const current = enabled ? requests.start() : requests.startUncounted();
    if (enabled && requests.sampling)
      requests.measure(current, `${request.method} ${patternOf(pathOf(request.url))}`);
    pass(current, passage);
    current.carriedBy(request, environment);
    const announced = requests.announce(current, environment);
    let response: Response | PromiseLike<Response>;
    try {
      response = passage.ambient
        ? current.context.runOpen(() => fetch.call(this, request, environment, execution))
        : fetch.call(this, request, environment, execution);
    } catch (error) {
      if (!announced) requests.end(current);
      throw error;
    }
    if (!announced) return watchAnswer(requests, current, request, response);
    requests.answers(current, response);
    return response;
  }
  return governed as unknown as F;
}

function watchAnswer(
  requests: RequestTracker,
  current: GovernedRequest,
  request: Request,
  answer: Response | PromiseLike<Response>,
): Response | PromiseLike<Response> {
  if (!isThenable(answer)) return requests.watch(current, answer, request) ?? answer;
  return answer.then(
    (response) => requests.watch(current, response, request) ?? response,
    (error: unknown) => {
      requests.end(current);
      throw error;
    },
  );
}
