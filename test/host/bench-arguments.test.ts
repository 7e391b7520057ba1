import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const top = fileURLToPath(new URL("../..", import.meta.url));
const files = {
  bench: "bench/run.ts",
  "bench:tail": "bench/tail/run.ts",
  soak: "bench/soak/run.ts",
  survival: "bench/survival/run.ts",
};

for (const [name, file] of Object.entries(files)) {
  test(`${name}: what it does not know is told in one line, with what it accepts`, () => {
    const cases: [string, RegExp][] = [
      ["--help", /Unknown option '--help'; accepted: --\w+/],
      ["--runtime", /'--runtime <value>' argument missing; accepted: --\w+/],
      ["--runtime=node,jvm", /there is no runtime "jvm"; accepted: node, bun, deno/],
      ["--runtime=", /there is no runtime ""; accepted: node, bun, deno/],
    ];
    for (const [word, wanted] of cases) {
      const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", file, word], {
        cwd: top,
        encoding: "utf8",
      });
      assert.is(status, 1, stderr);
      assert.is(stderr.trimEnd().split("\n").length, 1, stderr);
      assert.match(stderr, new RegExp(`^${name}: `));
      assert.match(stderr, wanted);
    }
  });
}

test.run();
