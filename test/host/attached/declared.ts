// An app that knows nothing of this library, as `deno serve` takes it.
export default {
  fetch: (request: Request): Response => Response.json({ path: new URL(request.url).pathname }),
};
