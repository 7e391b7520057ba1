import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { CellSummary } from "./summary.ts";

const uplot = join(dirname(createRequire(import.meta.url).resolve("uplot/package.json")), "dist");

/** The report as one page that needs no network. */
export function page(cells: readonly CellSummary[], text: string): string {
  const script = readFileSync(join(uplot, "uPlot.iife.min.js"), "utf8");
  const style = readFileSync(join(uplot, "uPlot.min.css"), "utf8");
  const data = JSON.stringify(cells).replaceAll("<", "\\u003c");
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>velithon: tail latency</title>
<style>${style}
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
pre { overflow-x: auto; font-size: 12px; }
figure { margin: 1rem 0 2rem; }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; }
</style>
</head>
<body>
<h1>Tail latency, arm by arm</h1>
<p>Open loop, latency from the intended time of each request. Each arm is one setting; "stock" is the bare app, and "again" is stock once more: what lies between these two is noise.</p>
<div id="cells"></div>
<h2>As text</h2>
<pre>${escaped}</pre>
<script>${script}</script>
<script>
const cells = ${data};
const colors = ["#444", "#999", "#0b6", "#c40", "#06c", "#a0a", "#b80"];
const shown = [0.5, 0.9, 0.99, 0.999, 0.9999].map((q) => -Math.log10(1 - q));
const ticks = (u, axis, low, high) => shown.filter((x) => x >= low - 0.01 && x <= high + 0.01);
const nines = (u, vals) => vals.map((v) => (v == null ? "" : "p" + +(100 * (1 - 10 ** -v)).toFixed(3)));
for (const cell of cells) {
  const title = document.createElement("h2");
  title.textContent = cell.workload + " on " + cell.runtime;
  const why = document.createElement("p");
  why.textContent = cell.why + ", " + Math.round(cell.perSecond) + " requests a second, " + cell.rounds + " rounds";
  const plots = document.createElement("div");
  plots.className = "plots";
  document.getElementById("cells").append(title, why, plots);
  const room = plots.clientWidth;
  const width = room < 800 ? room : Math.floor((room - 16) / 2);
  const xs = [...new Set(cell.arms.flatMap((a) => a.curve.map((p) => p.q)))].sort((a, b) => a - b);
  const curve = cell.arms.map((a) => xs.map((q) => a.curve.find((p) => p.q === q)?.ms ?? null));
  new uPlot({
    title: "latency by percentile", width, height: 320,
    scales: { x: { time: false }, y: { distr: 3 } },
    axes: [{ values: nines, splits: ticks, space: 20 }, { label: "ms" }],
    series: [{ label: "percentile", value: (u, v) => nines(u, [v])[0] },
      ...cell.arms.map((a, i) => ({ label: a.arm, stroke: colors[i % colors.length], width: 2 }))],
  }, [xs.map((q) => -Math.log10(1 - q)), ...curve], plots);
  const times = [...new Set(cell.arms.flatMap((a) => a.rss.map((p) => Math.round(p.ms / 100) / 10)))].sort((a, b) => a - b);
  const rss = cell.arms.map((a) => {
    const at = new Map(a.rss.map((p) => [Math.round(p.ms / 100) / 10, p.bytes / 1048576]));
    return times.map((t) => at.get(t) ?? null);
  });
  new uPlot({
    title: cell.arms.some((a) => a.silence) ? "resident set after the load stopped, first round" : "resident set, first round",
    width, height: 320, scales: { x: { time: false } }, axes: [{ label: "seconds" }, { label: "MB" }],
    series: [{ label: "s" }, ...cell.arms.map((a, i) => ({ label: a.arm, stroke: colors[i % colors.length], width: 2, spanGaps: true }))],
  }, [times, ...rss], plots);
}
</script>
</body>
</html>
`;
}
