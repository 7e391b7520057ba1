import { existsSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { read, top } from "../docs.ts";
import { examples } from "../guide/examples.ts";

const [, table = ""] = /^## Line by line\n(.*?)^## /ms.exec(read("docs/from-python.md")) ?? [];
const rows = [...table.matchAll(/^\| (?!-|the guide)(.+?) *\| (.+?) *\| (.+?) *\|$/gm)];

test("each line of the guide's table names tests that exist", () => {
  assert.ok(rows.length > 20, `${rows.length} rows`);
  for (const [, heading, , shown] of rows) {
    const files = [...shown!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
    assert.ok(files.length > 0, `${heading} is shown by nothing`);
    for (const file of files)
      assert.ok(file.endsWith(".test.ts") && existsSync(top + file), `${heading}: there is no ${file}`);
  }
});

test("each example of the guide has its line, in the guide's order", () => {
  const headings = rows.map(([, heading]) => heading!);
  const written = Object.keys(examples).filter((name) => name !== "Disabled again");
  assert.equal(
    headings.filter((heading) => written.includes(heading)),
    written,
  );
});

test.run();
