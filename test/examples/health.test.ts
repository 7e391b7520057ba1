import { test } from "uvu";
import * as assert from "uvu/assert";
import { disableMemoryOptimizations } from "velithon";
import { createHealthApp } from "../../examples/health.ts";

const health = (healthyBelowMb: number) => createHealthApp({ healthyBelowMb }).request("/health");

test("healthy below the bound: 200 and the guide's body", async () => {
  const response = await health(1_000_000);
  assert.is(response.status, 200);
  const body = (await response.json()) as Record<string, unknown>;
  assert.is(body.status, "healthy");
  assert.is(body.gcEnabled, true);
  assert.ok((body.memoryMb as number) > 1);
});

test("unhealthy from the bound on: 503", async () => {
  const response = await health(1);
  assert.is(response.status, 503);
  assert.is(((await response.json()) as { status: string }).status, "unhealthy");
});

test("liveness never depends on memory", async () => {
  const response = await createHealthApp({ healthyBelowMb: 1 }).request("/health/live");
  assert.is(response.status, 200);
  assert.is(await response.text(), "ok");
});

test.after(disableMemoryOptimizations);
test.run();
