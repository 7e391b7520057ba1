// Makes the reference of the public interface from the docstrings, as pages in docs/api/, by the documentation
// generator of the Deno that the lock file pins. Fails where an exported function or class has no docstring.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const top = fileURLToPath(new URL("..", import.meta.url));
const out = join(top, "docs/api");
const { exports } = JSON.parse(readFileSync(join(top, "jsr.json"), "utf8"));
// The entry points of the runtimes export the same: one of them stands for all.
const same = ["./node", "./bun", "./deno", "./web", "./register"];
const sources = Object.entries(exports)
  .filter(([entry]) => !same.includes(entry))
  .map(([, source]) => source);

function doc(args) {
  const options = { cwd: top, encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "ignore"] };
  return execFileSync(join(top, "node_modules/.bin/deno"), ["doc", ...args, ...sources], options);
}

/** Exported functions and classes, by entry point, and which of them nothing is said about. */
function symbols() {
  const { nodes } = JSON.parse(doc(["--json"]));
  const found = Array.isArray(nodes) ? nodes : Object.values(nodes).flatMap((file) => file.symbols ?? file);
  const all = found.flatMap((symbol) =>
    (symbol.declarations ?? [symbol]).map(({ kind, jsDoc, declarationKind }) => ({
      name: symbol.name,
      kind,
      told: Boolean(jsDoc?.doc || jsDoc?.tags?.length),
      exported: declarationKind === undefined || declarationKind === "export",
    })),
  );
  return all.filter(({ kind, exported }) => exported && (kind === "function" || kind === "class"));
}

const all = symbols();
const untold = [...new Set(all.filter(({ told }) => !told).map(({ name }) => name))];
if (all.length < 30 || untold.length > 0) {
  console.error(
    all.length < 30
      ? `docs:api: only ${all.length} functions and classes`
      : `docs:api: no docstring: ${untold.join(", ")}`,
  );
  process.exit(1);
}
rmSync(out, { recursive: true, force: true });
doc(["--html", "--name=velithon", `--output=${out}`]);
console.log(
  `docs:api: ${all.length} functions and classes of ${sources.length} entry points in docs/api/index.html`,
);
