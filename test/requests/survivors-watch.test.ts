import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import type { GovernedRequest } from "../../src/requests/governed.ts";
import { type FakePort, fakePort } from "../support/port.ts";

function watching() {
  const port: FakePort = fakePort();
  port.freedBytes = { minor: 0, major: 0 };
  const { requests } = createMemoryOptimizer({ port });
  const end = requests.watchSurvivors(createGovernorCore());
  const start = (route: string): GovernedRequest => {
    const request = requests.start();
    if (requests.sampling) requests.measure(request, route);
    return request;
  };
  return { port, requests, start, end };
}

test("a request in which another one came and went is no sample of its own", () => {
  const { port, requests, start, end } = watching();
  for (let i = 0; i < 100; i++) {
    requests.end(start("GET /first"));
    port.advance(1000);
    const outer = start(i % 2 === 0 ? "GET /outer" : "GET /other");
    const inner = start("GET /inner");
    port.heapUsedBytes += i % 2 === 0 ? 5000 : 0;
    requests.end(inner);
    requests.end(outer);
    port.advance(1000);
  }
  const { routes, reason } = end();
  assert.is(routes, undefined);
  assert.match(reason ?? "", "fewer than two routes");
});

test("once it has ended, no request is measured for it, and nothing is collected", () => {
  const { port, requests, start, end } = watching();
  for (let i = 0; i < 10; i++) {
    requests.end(start("GET /"));
    port.advance(1000);
  }
  assert.ok(port.collections.length > 0);
  end();
  const before = port.collections.length;
  for (let i = 0; i < 10; i++) {
    const request = requests.start();
    assert.is(requests.sampling, false);
    requests.end(request);
    port.advance(1000);
  }
  assert.is(port.collections.length, before);
});

test.run();
