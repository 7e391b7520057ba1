import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import type { GovernedRequest } from "../../src/requests/governed.ts";
import { loadPort } from "../support/port.ts";
import { aliveAfterCollection, turn } from "../support/reachable.ts";

test("work that outlives its request holds neither request nor environment nor answer", async () => {
  const port = await loadPort();
  const { requests } = createMemoryOptimizer({ port });
  const refs: WeakRef<object>[] = [];
  const outlives: GovernedRequest[] = [];
  const serve = (): void => {
    for (let i = 0; i < 100; i++) {
      const [request, environment, answer] = [{ i }, { i }, new Response("x")];
      const governed = requests.start();
      governed.carriedBy(request, environment);
      governed.answer = answer;
      requests.end(governed);
      outlives.push(governed);
      for (const each of [request, environment, answer]) refs.push(new WeakRef(each));
    }
  };
  serve();
  await turn();
  const alive = await aliveAfterCollection(port, refs, 10);
  assert.ok(alive <= 10, `${alive} of ${refs.length} are held`);
  assert.is(outlives.length, 100);
});

test.run();
