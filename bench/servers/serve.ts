/**
 * Serves all variants on this runtime, one at a time, as `runtimes/<name>/serve.ts` serves the shared app, and
 * prints its port. `GET /use/<name>` takes another one: in one process all have the same luck with memory and caches.
 *
 * @module
 */
import { listen } from "../serve.ts";
import { type Fetch, type Prepared, prepare, type Variant, variants } from "./apps.ts";

const USE = "/use/";
const prepared = new Map<string, Prepared>();
for (const variant of variants) {
  const made = await prepare(variant);
  made.optimizer?.disable();
  prepared.set(variant, made);
}
let current = prepared.get("bare")!;

function use(url: string): Response {
  const next = prepared.get(decodeURIComponent(url.slice(url.indexOf(USE) + USE.length)) as Variant);
  if (!next) return new Response("no such variant", { status: 404 });
  current.optimizer?.disable();
  current = next;
  current.optimizer?.enable();
  return new Response("ok");
}

const fetch: Fetch = (request, ...rest) =>
  request.url.includes(USE) ? use(request.url) : current.fetch(request, ...rest);

console.log(await listen(fetch));
