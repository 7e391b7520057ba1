import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CASES } from "../support/option-cases.ts";

const top = fileURLToPath(new URL("../..", import.meta.url));
const ENTRIES = [
  "src/index.ts",
  "src/hono.ts",
  "src/core/index.ts",
  "src/core/governor-entry.ts",
  "src/app.ts",
  "src/app/otel.ts",
  "runtimes/workers.ts",
];
/** What others are made of: nobody takes them by themselves. */
const BASES = ["AccessOptions", "SheddingOptions"];

/** Types of options that an entry point exports. */
const typesIn = (source: string): string[] =>
  [...source.matchAll(/^export [^;(]*/gm)].flatMap(
    ([statement]) => statement.match(/\b[A-Z]\w*Options\b/g) ?? [],
  );

test("every exported type of options has its cases: each function, each option, each kind of wrong value", () => {
  const exported = new Set(ENTRIES.flatMap((file) => typesIn(readFileSync(top + file, "utf8"))));
  const tried = new Set(CASES.map(({ type }) => type));
  assert.ok(exported.size > 20, `${exported.size} types`);
  assert.equal(
    [...exported].filter((name) => !tried.has(name) && !BASES.includes(name)),
    [],
  );
  for (const name of BASES) assert.ok(exported.has(name), `${name} is no type of options`);
});

/** What test/core/arguments.test.ts and test/optimizer/default.test.ts try. */
const ELSEWHERE = [
  "enableMemoryOptimizations",
  "createGovernorCore",
  "createCore",
  "createCoreAsync",
  "loadCore",
  "loadCoreAsync",
];

test("every exported function that takes something is given what is wrong", async () => {
  const tests = readFileSync(`${top}test/shared/options.test.ts`, "utf8");
  const tried = new Set(CASES.map(({ where }) => where.split(":")[0]));
  const missing: string[] = [];
  let functions = 0;
  for (const file of ENTRIES) {
    for (const [name, value] of Object.entries(await import(top + file))) {
      const source = String(value);
      if (typeof value !== "function" || source.startsWith("class")) continue;
      functions += 1;
      const takesNothing = /^(?:async )?function \w+\(\)/.test(source);
      if (takesNothing || tried.has(name) || ELSEWHERE.includes(name)) continue;
      if (!new RegExp(`\\b${name}(?:\\(|: )`).test(tests)) missing.push(name);
    }
  }
  assert.ok(functions > 20, `${functions} functions`);
  assert.equal(missing, []);
});

test("the list sees types in lists and in statements of their own", () => {
  const source = `export { type AOptions, a } from "./a.ts";
export type {
  BOptions,
} from "./b.ts";
import type { NOptions } from "./n.ts";
export interface COptions {}
export function d(options: NOptions): void;`;
  assert.equal(typesIn(source), ["AOptions", "BOptions", "COptions"]);
});

test.run();
