/**
 * From nothing to the first governed request of `velithon`, in a fresh process, after an empty module and one use of the
 * runtime's own classes. Prints the ms of each step. What to import comes as arguments, as in `probe.ts`.
 *
 * @module
 */
const [none, library] = process.argv.slice(2) as [string, string];

await import(none);
const request = new Request("http://localhost/");
const answer = (_: Request): Response => new Response("ok");
answer(request);
const start = performance.now();
const { governFetch } = (await import(library)) as typeof import("../../src/index.ts");
const imported = performance.now();
await governFetch(answer)(request);
const served = performance.now();
console.log(JSON.stringify([imported - start, served - start]));
process.exit(0);
