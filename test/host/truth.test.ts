import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { askAll, capabilityTable } from "../truth/capabilities.ts";
import { answerOf, describe, type Row, type Runtime, truthTable } from "../truth/row.ts";
import { denoUnpermitted } from "../truth/start.ts";
import { truthRows } from "../truth/truth.ts";

const rows = {} as Record<Runtime, Row[]>;

for (const runtime of ["node", "bun", "deno"] as const) {
  test(`${runtime}: each reading agrees with an observer outside, or is undefined`, () => {
    // One more try: a busy machine can hold up the observer as well.
    for (let i = 0; i < 2; i++) {
      rows[runtime] = truthRows(runtime);
      if (rows[runtime].every((row) => answerOf(row) !== "differs")) break;
    }
    assert.equal(rows[runtime].filter((row) => answerOf(row) === "differs").map(describe), []);
    const told = rows[runtime].filter((row) => row.told !== undefined).length;
    assert.ok(told >= 8, `${told} readings are told`);
  });
}

test("deno without permissions: what needs one is undefined, the rest is told", () => {
  const told = denoUnpermitted();
  for (const name of ["virtual", "workingSet", "limit", "stalls"]) assert.is(told[name]![0], null, name);
  for (const name of ["rss", "heapUsed", "heapTotal", "external", "heapSpaces", "heapLimit"]) {
    assert.ok(told[name]![0]! > 0, name);
  }
});

const page = readFileSync(new URL("../../docs/runtimes.md", import.meta.url), "utf8");
const inPage = (name: string): string =>
  new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(page)![1]!;
/** The formatter pads the cells of tables. */
const cells = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (-|reading|capability)/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));

test("the table of capabilities in the docs says what the runtimes answer", () => {
  const answers = cells(capabilityTable(askAll()));
  assert.ok(answers.length > 10, `${answers.length} capabilities`);
  assert.ok(answers.every((row) => row.slice(1, -1).every((cell) => cell !== "" && cell !== "undefined")));
  assert.equal(cells(inPage("capabilities")), answers);
});

test("the table of readings in the docs says what was found", () => {
  const committed = cells(inPage("truth"));
  const found = cells(truthTable(rows));
  assert.equal(
    committed.map(([, reading]) => reading),
    found.map(([, reading]) => reading),
  );
  // Where this machine has no cgroup to write or no stalls to read, what it cannot observe proves nothing.
  for (const [i, row] of found.entries()) {
    for (const column of [2, 3, 4]) {
      const unobserved =
        row[column] === "told, not observed here" || /^(limit|memory stalls|working set)$/.test(row[1]!);
      if (!unobserved) assert.is(committed[i]![column], row[column], `${row[1]}, column ${column}`);
    }
  }
});

test.run();
