/**
 * Serves one workload behind one arm. Prints its port, then answers each line on its input with one of JSON:
 * `begin` starts the counts anew, `report` ends and says them, `stats` says what the optimizer knows, `advice` what its
 * advisor has said, `pauses` the pauses of an arm that notes them.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { Hono } from "hono";
import { here } from "../runtimes.ts";
import { listen } from "../serve.ts";
import { createWorkloads } from "./apps.ts";
import { type Arm, type ArmName, arms, mount } from "./arms.ts";
import { Collections } from "./collections.ts";

const [workload, armName] = process.argv.slice(2) as [string, ArmName];
const routes = createWorkloads(workload);
const collections = new Collections(here);
const mounted = await mount(arms[armName] as Arm);
const app = new Hono();
for (const middleware of mounted.middlewares) app.use(middleware);
app.route("/", routes);

async function fetch(request: Request, environment: object): Promise<Response> {
  collections.spans.enter();
  try {
    return await app.fetch(request, environment);
  } finally {
    collections.spans.leave();
  }
}

const answers: Readonly<Record<string, () => unknown>> = {
  begin: () => collections.begin(),
  report: () => collections.report(),
  stats: mounted.stats,
  advice: mounted.advice,
  pauses: mounted.pauses,
};
console.log(await listen(fetch));
mounted.started();
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify((await answers[line]?.()) ?? {}));
}
process.exit(0);
