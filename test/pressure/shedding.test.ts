import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type LoadSheddingOptions } from "../../src/index.ts";
import { LoadShedder } from "../../src/pressure/shedding.ts";
import { fakePort } from "../support/port.ts";

test("the first route that matches decides, exact or not", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const priorities = (routes: LoadSheddingOptions["routes"], ...paths: string[]) => {
    const shedder = new LoadShedder(optimizer, { routes, priority: "normal", retryAfterSeconds: 5 });
    return paths.map((path) => shedder.priorityOf(path));
  };
  assert.equal(priorities({ "/a/*": "low", "/a/b": "high" }, "/a", "/a/b", "/a/c"), ["low", "low", "low"]);
  assert.equal(priorities({ "/a/b": "high", "/a/*": "low" }, "/a", "/a/b"), ["low", "high"]);
  // What is exempt by default comes last.
  const all = ["/", "/health", "/health/live", "/metrics", "/memory/events"];
  assert.equal(
    priorities({ "/*": "low" }, ...all),
    all.map(() => "low"),
  );
  assert.equal(priorities({}, ...all), ["normal", "exempt", "exempt", "exempt", "exempt"]);
});

test.run();
