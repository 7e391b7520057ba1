import { test } from "uvu";
import * as assert from "uvu/assert";
import { disableMemoryOptimizations, getMemoryStats } from "velithon";
import { createPrometheusApp } from "../../examples/prometheus.ts";

test("one scrape: the library's metrics and the app's own", async () => {
  const app = await createPrometheusApp();
  for (const size of ["small", "small", "large"]) {
    const response = await app.request(`/orders/${size}`, { method: "POST" });
    assert.is(response.status, 204);
  }
  const unknown = await app.request("/orders/huge", { method: "POST" });
  assert.is(unknown.status, 404);
  // A request is finished once its body has been read.
  await unknown.text();
  const response = await app.request("/metrics");
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
  const text = await response.text();
  assert.match(text, /^velithon_memory_usage_mb [0-9.]+$/m);
  assert.match(text, /^velithon_gc_collections_total\{kind="major",outcome="performed"\} \d+$/m);
  assert.match(text, /^velithon_requests_total 4$/m);
  assert.match(text, /^app_orders_total\{size="small"\} 2$/m);
  assert.match(text, /^app_orders_total\{size="large"\} 1$/m);
});

test("the ratio is there where a limit is known, and only there", async () => {
  const text = await (await (await createPrometheusApp()).request("/metrics")).text();
  const known = getMemoryStats().systemMemory.limitMb !== undefined;
  assert.is(/^app_memory_limit_used_ratio [0-9.]+$/m.test(text), known, text);
});

test.after(disableMemoryOptimizations);
test.run();
