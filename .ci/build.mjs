// Compiles, and joins the compiled files into one for each entry point and a few that entry points share: a program loads two or
// three files instead of dozens, which is most of what an import costs. What entry points share stays shared.
// The files as they were compiled go to dist/modules/, for bundlers: from those they can leave out what is not used.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { minify } from "rolldown/utils";

const top = fileURLToPath(new URL("..", import.meta.url));
const { bin, exports } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
const joined = (file) => /\.m?js$/.test(file) && !file.startsWith("./dist/modules/");
const targets = [...Object.values(bin), ...Object.values(exports)].flatMap((value) =>
  typeof value === "string" ? [value] : Object.values(value),
);
const entries = new Set(targets.filter(joined).map((file) => join(top, file.replace(/\.mjs$/, ".js"))));
const dist = join(top, "dist");
const modules = join(dist, "modules");
// What an earlier build left would be packed too.
for (const folder of ["src", "runtimes", "modules"])
  rmSync(join(dist, folder), { recursive: true, force: true });
execFileSync(join(top, "node_modules/.bin/tsc"), ["-p", join(top, ".ci/tsconfig.build.json")], {
  stdio: "inherit",
});
const compiled = readdirSync(dist, { recursive: true })
  .filter((file) => file.endsWith(".js"))
  .map((file) => join(dist, file));
for (const file of compiled) if (file.endsWith("serve.js")) entries.add(file);

/** A compiled file, and all that it imports. */
function withImports(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/\bfrom "(\.[^"]*\.js)"/g))
    withImports(join(dirname(file), path), found);
  return found;
}
const library = withImports(join(dist, "src/index.js"));
/** Of its 206 KB these files need a few: the joined ones bring them along, with its licence. */
const valibot = join(top, "node_modules/valibot");

const bundle = await rolldown({
  input: Object.fromEntries([...entries].map((file) => [relative(dist, file).replace(/\.js$/, ""), file])),
  platform: "neutral",
  external: (id) => (!/^[./]/.test(id) && id !== "valibot") || id.endsWith(".wasm"),
});
const generated = await bundle.generate({
  format: "esm",
  comments: { legal: true, annotation: true, jsdoc: false },
  entryFileNames: "[name].js",
  banner: ({ name }) =>
    name === "velithon" ? `/*! valibot\n${readFileSync(join(valibot, "LICENSE.md"), "utf8")}*/` : "",
  // As deep as the entry points: an import of a .wasm file is taken over as it is written there.
  chunkFileNames: "runtimes/shared/[name]-[hash].js",
  minifyInternalExports: false,
  // Each file more is 0.6 ms on Node: the core comes in one piece, and so does the rest of what \`velithon\` is on every runtime.
  codeSplitting: {
    groups: [
      { name: "core", test: /\/dist\/src\/(core\/(?!governor|trend)|shared\/errors)/ },
      { name: "governor", test: /\/dist\/src\/core\/(governor(-bytes|-entry)?|trend)\.js$/ },
      { name: "velithon", test: (id) => library.has(id) || id.startsWith(valibot) },
      { name: "host", test: /\/dist\/runtimes\/(shared|process|heap-snapshot|common-port)\.js$/ },
      { name: "v8", test: /\/dist\/runtimes\/(v8|start-settings|inspector)\.js$/ },
    ],
  },
});
await bundle.close();
const output = generated.output.map(({ code, exports, facadeModuleId, fileName, isEntry, moduleIds }) => ({
  code,
  exports,
  facadeModuleId,
  fileName,
  isEntry,
  moduleIds,
}));

// What an entry point does itself, beside what it exports, comes as a file of its own, for the other entry points import it: it
// goes back into the entry point's file, and they import that.
const folded = new Map();
for (const own of output) {
  const entry = output.find(
    ({ isEntry, facadeModuleId }) => isEntry && facadeModuleId === own.moduleIds.at(-1),
  );
  if (entry === undefined || own.isEntry || own.exports.length > 0) continue;
  const imported = new Set(
    entry.code
      .match(/^import \{ .* \} from/gm)
      ?.join()
      .match(/[\w$]+/g),
  );
  const code = own.code
    .replaceAll('"./', '"../shared/')
    .replace(/^import \{ ([\w$]+) \} from .*;\n/gm, (line, name) => (imported.has(name) ? "" : line));
  const name = own.fileName.split("/").pop();
  entry.code = entry.code.replace(`import "../shared/${name}";\n`, () => code.replace(/\n?$/, "\n"));
  folded.set(name, entry.fileName);
}
for (const chunk of output)
  for (const [name, file] of folded)
    chunk.code = chunk.code.replace(new RegExp(`"[^"]*/${name.replaceAll(".", "\\.")}"`), () =>
      JSON.stringify(`./${relative(dirname(chunk.fileName), file)}`),
    );
/** Programs: nobody bundles those. */
const programs = /(\/serve|\/server|cli\/.+)\.js$/;
for (const file of compiled) {
  const path = relative(dist, file);
  if (!programs.test(path)) cpSync(file, join(modules, path));
  rmSync(file);
}

// The core's entry point would be a file that only exports again what another one has: 0.6 ms for nothing, on Node and on Bun.
// The piece itself takes that place. It exports what is public; the few things more that the others import of it are behind a symbol
// on its error class, so nobody meets them by chance. It is small, for a program may want the core alone: without spaces and local
// names, its statements joined where they can be. Named .mjs, it is a module without a look at package.json.
const core = output.find(({ fileName }) => fileName.startsWith("runtimes/shared/core-"));
const entry = output.find(({ fileName }) => fileName === "src/core/index.js");
const missing = entry.exports.filter((name) => !core.exports.includes(name));
if (missing.length > 0) throw new Error(`the core's piece does not export ${missing.join(", ")}`);
const small = await minify("core.mjs", core.code, {
  module: true,
  compress: { keepNames: { function: true, class: true } },
  mangle: { toplevel: false, keepNames: true },
  codegen: { removeWhitespace: true },
});
if (small.errors.length > 0) throw small.errors[0];
// What it writes as templates takes V8 longer to read than strings: 0.15 ms for the bytes.
const quoted = small.code.replace(/`([\w+/=]+)`/g, '"$1"');
const place = join(dist, "src/core/index.mjs");
const hidden = 'Symbol.for("velithon.core")';
const internal = core.exports.filter((name) => !entry.exports.includes(name));
const exportsOf = (names) => `export{${names.join(",")}};`;
const open = quoted.replace(/export\{([^}]*)\};?\s*$/, () => exportsOf(entry.exports));
if (open === quoted) throw new Error("the core's piece ends with no list of exports");
writeFileSync(
  place,
  `${open}Object.defineProperty(VelithonError,${hidden},{value:{${internal.join(",")}}});\n`,
);

/** The import of the core's piece: what is public by its name, the rest from behind the symbol. */
function importing(list, file) {
  const names = list.split(", ");
  const behind = names.filter((name) => internal.includes(name.split(" as ")[0]));
  if (behind.length === 0) return `import { ${list} } from "${file}"`;
  const open = [...names.filter((name) => !behind.includes(name)), "VelithonError as velithonCore"];
  const taken = behind.map((name) => name.replace(" as ", ": ")).join(", ");
  return `import { ${open.join(", ")} } from "${file}";\nconst { ${taken} } = velithonCore[${hidden}]`;
}
const name = core.fileName.split("/").pop();
for (const { fileName, code } of output) {
  if (fileName === core.fileName || fileName === entry.fileName || folded.has(fileName.split("/").pop()))
    continue;
  const path = join(dist, fileName);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(
    path,
    code
      .replace(/(from |import )"(\.[^"]*)"/g, (text, keyword, file) =>
        file.endsWith(`/${name}`) ? `${keyword}"./${relative(join(path, ".."), place)}"` : text,
      )
      .replace(/import \{ ([^}]*) \} from "([^"]*core\/index\.mjs)"/g, (_, list, file) =>
        importing(list, file),
      ),
  );
}
