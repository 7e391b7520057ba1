import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { circles, loadsOf } from "../circles.ts";

const top = fileURLToPath(new URL("../..", import.meta.url));

test("no file of the library needs itself by way of others", () => {
  const files = readdirSync(`${top}src`, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `src/${file}`);
  const loads = new Map(files.map((file) => [file, loadsOf(file, readFileSync(top + file, "utf8"))]));
  assert.ok(loads.get("src/index.ts")!.includes("src/default.ts"));
  assert.equal(circles(loads), []);
});

test("the check sees a circle, and none where a type closes it", () => {
  const sources = {
    "src/a.ts": 'import { b } from "./b.ts";\nimport "./c.ts";\n',
    "src/b.ts": 'import {\n  c,\n  type D,\n} from "./c.ts";\n',
    "src/c.ts": 'export * from "./d/d.ts";\nimport type { B } from "./b.ts";\n',
    "src/d/d.ts": 'import { type A } from "../a.ts";\n',
  };
  const loads = (changed: object) =>
    new Map(
      Object.entries({ ...sources, ...changed }).map(([file, source]) => [file, loadsOf(file, source)]),
    );
  assert.equal(circles(loads({})), []);
  assert.equal(circles(loads({ "src/d/d.ts": 'import { type A, a } from "../a.ts";\n' })), [
    "src/a.ts > src/b.ts > src/c.ts > src/d/d.ts > src/a.ts",
  ]);
  assert.equal(circles(loads({ "src/c.ts": 'import { c } from "./c.ts";\n' })), ["src/c.ts > src/c.ts"]);
});

test.run();
