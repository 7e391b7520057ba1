// Writes the table of docs/runtimes.md from what the truth test finds on this machine: npm run truth.
import { readFileSync, writeFileSync } from "node:fs";
import { describe, type Row, type Runtime, truthRows, truthTable } from "./truth.ts";

const file = new URL("../../docs/runtimes.md", import.meta.url);
const rows = {} as Record<Runtime, Row[]>;
for (const runtime of ["node", "bun", "deno"] as const) {
  rows[runtime] = truthRows(runtime);
  for (const row of rows[runtime]) console.log(`${runtime.padEnd(4)} ${describe(row)}`);
}
const text = readFileSync(file, "utf8");
const marked = /(<!-- truth -->\n\n)[\s\S]*?(\n\n<!-- \/truth -->)/;
writeFileSync(
  file,
  text.replace(marked, (_, open, close) => `${open}${truthTable(rows)}${close}`),
);
