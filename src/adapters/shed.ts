/**
 * Load shedding around a whole `fetch` handler.
 *
 * @module
 */
import type { LoadSheddingOptions } from "../middleware/load-shedding.ts";
import { loadShedder } from "../middleware/load-shedding.ts";
import { declaredBytes, SHED } from "../pressure/shedding.ts";
import { requireFunction } from "../shared/errors.ts";
import { isThenable } from "../shared/thenable.ts";
import type { FetchHandler } from "./fetch.ts";
import { pathOf } from "./path.ts";

/**
 * Puts a handler behind `loadShedding`. Use it as the outermost wrapper, so that a refused request costs nothing else.
 *
 * @throws `INVALID_OPTION`
 * @example
 * ```ts
 * serve({ fetch: shedFetch(governFetch(app.fetch)), port: 3000 });
 * ```
 */
export function shedFetch<F extends FetchHandler>(fetch: F, given?: LoadSheddingOptions): F {
  requireFunction("shedFetch: fetch", fetch, "a function, such as app.fetch");
  const { optimizer, shedder } = loadShedder("shedFetch", given);
  function shedding(this: unknown, request: Request, ...rest: unknown[]) {
    if (!optimizer.enabled) return fetch.call(this, request, ...rest);
    const { method } = request;
    const length = method === "GET" || method === "HEAD" ? null : request.headers.get("content-length");
    const entered = shedder.enter(pathOf(request.url), declaredBytes(method, length));
    if (entered === SHED) return shedder.refusal(rest[0]);
    if (entered < 0) return fetch.call(this, request, ...rest);
    const leave = () => shedder.leave(entered);
    try {
      const response = fetch.call(this, request, ...rest);
      if (isThenable(response)) response.then(leave, leave);
      else leave();
      return response;
    } catch (error) {
      leave();
      throw error;
    }
  }
  return shedding as unknown as F;
}
