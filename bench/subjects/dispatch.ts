/**
 * What middlewares add to `app.fetch`, without a server: less noise, and none of a server's own work.
 *
 * @module
 */
import { type Candidate, cpuMs, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { here } from "../runtimes.ts";
import { prepare, variants } from "../servers/apps.ts";
import { differences, median } from "../statistics.ts";

/** What tells of a response's end on Node. */
class Outgoing {
  readonly closed = false;
  readonly destroyed = false;
  readonly writableFinished = true;
  listener: (() => void) | undefined;
  on(_event: "close", listener: () => void): this {
    this.listener = listener;
    return this;
  }
}

/** What a server passes beside the request, as far as it tells of a response's end; `end`: the response has left. */
function environment(): { passed: () => object; end: () => void } {
  if (here === "deno") {
    const completed = Promise.resolve();
    return { passed: () => ({ completed }), end() {} };
  }
  if (here === "bun") return { passed: () => ({}), end() {} };
  let outgoing = new Outgoing();
  return {
    passed() {
      outgoing = new Outgoing();
      return { outgoing };
    },
    end: () => outgoing.listener?.(),
  };
}

export async function run(plan: Plan): Promise<Report> {
  // Making a listener puts the adapter's light Request and Response in place, as in a server.
  if (here === "node") (await import("@hono/node-server")).getRequestListener(() => new Response());
  const request = new Request("http://localhost/items/7");
  const { passed, end } = environment();
  const candidates: Candidate[] = [];
  for (const variant of variants) {
    const { fetch } = await prepare(variant);
    candidates.push({
      name: variant,
      async run(n) {
        let sum = 0;
        for (let i = 0; i < n; i++) {
          sum += (await fetch(request, passed())).status;
          end();
        }
        return sum;
      },
    });
  }
  const measured = await measure(candidates, plan, cpuMs);
  const figures = section("hono's dispatch, without a server", candidates, measured, "bare");
  const base = measured.get("bare")!;
  return {
    sections: [
      {
        ...figures,
        rows: figures.rows.map((row) => ({
          ...row,
          note: `${median(differences(measured.get(row.name)!, base)).toFixed(0)} ns over bare`,
        })),
      },
    ],
    targets: [],
  };
}
