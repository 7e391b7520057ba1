// Writes the tables of docs/runtimes.md from what is found on this machine: npm run truth.
import { readFileSync, writeFileSync } from "node:fs";
import { askAll, capabilityTable } from "./capabilities.ts";
import { describe, type Row, type Runtime, truthTable } from "./row.ts";
import { truthRows } from "./truth.ts";

const file = new URL("../../docs/runtimes.md", import.meta.url);

/** Puts a table between the two comments that name it. */
function write(name: string, table: string): void {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const text = readFileSync(file, "utf8");
  const [before, after] = [text.slice(0, text.indexOf(open)), text.slice(text.indexOf(close))];
  writeFileSync(file, `${before}${open}\n\n${table}\n\n${after}`);
}

write("capabilities", capabilityTable(askAll()));
const rows = {} as Record<Runtime, Row[]>;
for (const runtime of ["node", "bun", "deno"] as const) {
  rows[runtime] = truthRows(runtime);
  for (const row of rows[runtime]) console.log(`${runtime.padEnd(4)} ${describe(row)}`);
}
write("truth", truthTable(rows));
