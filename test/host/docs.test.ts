import { existsSync, readdirSync, rmSync } from "node:fs";
import { posix } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  anchorOf,
  type Block,
  blocksOf,
  Consumer,
  fieldsOf,
  pages,
  read,
  top,
  undocumentedExports,
} from "../docs.ts";

// The formatter pads the cells of tables.
const texts = new Map(pages.map((page) => [page, read(page).replace(/ +\|/g, " |")]));
/** A page whose table cells have one space on each side. */
const tables = (page: string): string => texts.get(page)!.replace(/ +\|/g, " |");
const all = [...texts.values()].join("\n");
const without = (text: string): string => text.replace(/^```.*?^```$/gms, "");

const consumer = new Consumer();
test.after(() => rmSync(consumer.folder, { recursive: true, force: true }));

const blocks = pages.flatMap((page) => blocksOf(page, texts.get(page)!));
const nameOf = (block: Block): string => `${block.page.replace(/\W/g, "-")}-${block.line}.ts`;
for (const block of blocks) consumer.write(nameOf(block), block.code);

test("every TypeScript block compiles", async () => {
  assert.ok(blocks.length >= 20, `${blocks.length} blocks`);
  const files = blocks.map((block) => ({ name: nameOf(block), runtime: block.runtime }));
  assert.is(await consumer.check(files), "");
});

for (const block of blocks) {
  if (block.noRun) continue;
  test(`${block.page}:${block.line} runs on ${block.runtime}`, async () => {
    if (block.server) {
      assert.ok((await consumer.serve(block.runtime, nameOf(block))).length > 0);
    } else {
      const { code, output } = await consumer.run(block.runtime, nameOf(block));
      assert.is(code, 0, output);
    }
  });
}

test("the words behind ts are checked", () => {
  const block = (info: string) => blocksOf("page.md", `text\n\n\`\`\`${info}\nlet a = 1;\n\`\`\`\n`);
  assert.equal(block("sh"), []);
  assert.is(block("ts")[0]?.line, 4);
  assert.is(block("ts bun server")[0]?.runtime, "bun");
  assert.is(block("ts bun server")[0]?.server, true);
  assert.throws(() => block("ts norun"), /page\.md:4: ts norun/);
});

test("every relative link leads to a file, and to a heading in it", () => {
  const broken: string[] = [];
  for (const [page, text] of texts) {
    for (const [, target, anchor] of without(text).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const file = target === "" ? page : posix.join(posix.dirname(page), target!);
      if (!existsSync(new URL(`../../${file}`, import.meta.url))) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined) {
        const headings = [...without(read(file)).matchAll(/^#+ (.+)$/gm)].map((match) => anchorOf(match[1]!));
        if (!headings.includes(anchor)) broken.push(`${page}: ${target}#${anchor}`);
      }
    }
  }
  assert.equal(broken, []);
});

test("every page is in the index", () => {
  const index = texts.get("docs/README.md")!;
  const missing = pages.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
  assert.equal(
    missing.filter((page) => !index.includes(`(${page.slice("docs/".length)})`)),
    [],
  );
});

test("every npm script that a page names exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = [...all.matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(test|start)\b)/g)].map(
    (m) => m[1] ?? m[2]!,
  );
  assert.ok(named.length > 5);
  assert.equal(
    named.filter((name) => !Object.hasOwn(scripts, name)),
    [],
  );
});

const mentioned = (name: string): boolean => new RegExp(`\`[^\`\n]*\\b${name}\\b[^\`\n]*\``).test(all);

const sources = readdirSync(`${top}src`, { recursive: true })
  .map((name) => `src/${name}`)
  .filter(
    (name) => name.endsWith(".ts") && (!name.startsWith("src/core/") || name === "src/core/schedule.ts"),
  );

function unmentioned(wanted: (name: string) => boolean, least: number): string[] {
  const found = sources.flatMap((file) => [...fieldsOf(read(file), wanted)]);
  assert.ok(found.length >= least, `${found.length} interfaces: ${found.map(([name]) => name)}`);
  return found.flatMap(([name, fields]) =>
    (fields.length === 0 ? ["no fields"] : fields.filter((field) => !mentioned(field))).map(
      (field) => `${name}.${field}`,
    ),
  );
}

test("every public name has a comment that an editor shows", () => {
  const entries = [
    "src/index.ts",
    "src/hono.ts",
    "src/app.ts",
    "src/app/otel.ts",
    "src/core/index.ts",
    "src/core/governor-entry.ts",
  ];
  assert.equal([...entries, "runtimes/workers.ts"].flatMap(undocumentedExports), []);
});

test("every public option is documented", () => {
  assert.equal(
    unmentioned((name) => name.endsWith("Options"), 10),
    [],
  );
});

test("the options of an optimizer are all in the table of getting started, and no others", () => {
  const fields = fieldsOf(read("src/optimizer/options.ts"), (name) => name === "MemoryOptimizerOptions");
  const [, table = ""] =
    /^## Options of an optimizer\n(.*?)^## /ms.exec(read("docs/getting-started.md")) ?? [];
  const rows = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
  assert.equal(rows.sort(), fields.get("MemoryOptimizerOptions")!.sort());
});

test("every field of the statistics, results and capabilities is documented", () => {
  assert.equal(
    unmentioned(
      (name) => /Stats$|^CollectionResult$|^SystemMemory$|^ContextReport$|^Capabilities$/.test(name),
      11,
    ),
    [],
  );
});

test("every environment variable is documented, with its default in the README", () => {
  const names = [
    ...new Set(
      [...read("src/optimizer/environment.ts").matchAll(/VELITHON_[A-Z0-9_]+/g)].map(([name]) => name),
    ),
    "PORT",
    "HOST",
  ];
  assert.is(names.length, 8);
  for (const name of names) assert.match(tables("README.md"), new RegExp(`^\\| \`${name}\` \\|`, "m"));
});

test("every error code is documented with its cause and its cure", () => {
  const union = /export type ErrorCode =(.*?);/s.exec(read("src/shared/errors.ts"))![1]!;
  const codes = [...union.matchAll(/"([A-Z_]+)"/g)].map((match) => match[1]!);
  assert.ok(codes.length > 10);
  const page = tables("docs/troubleshooting.md");
  for (const code of codes)
    assert.match(page, new RegExp(`^\\| \`${code}\` \\| .{10,} \\| .{10,} \\|$`, "m"));
});

test.run();
