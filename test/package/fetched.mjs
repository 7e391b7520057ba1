// Bundlers that are too large to come with a clone (73 MB): fetched into the folder of this run when it asks for them.
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { copyCore } from "./bundles.mjs";
import { run, work } from "./command.mjs";

const VERSIONS = { vite: "8.3.8", webpack: "5.113.0" };

/** Imports `name` as a program in `folder` would. */
const importFrom = (folder, name) =>
  import(pathToFileURL(createRequire(join(folder, "x.mjs")).resolve(name)).href);

const viteFor = (vite, ssr, external) => async (folder, file, out) => {
  await vite.build({
    root: folder,
    configFile: false,
    logLevel: "silent",
    ssr: { noExternal: true },
    build: {
      ssr,
      ssrEmitAssets: true,
      target: "es2022",
      outDir: out,
      emptyOutDir: false,
      minify: false,
      rollupOptions: {
        input: join(folder, file),
        external,
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "[name].mjs" },
      },
    },
    // The page serves its folder, not the bundle's.
    base: ssr ? "/" : `/${out}/`,
  });
  if (ssr) copyCore(folder, out);
};

const webpackFor = (webpack, target, external) => async (folder, file, out) => {
  const compiler = webpack({
    context: folder,
    mode: "production",
    target,
    devtool: false,
    entry: { [file.replace(/\.mjs$/, "")]: `./${file}` },
    externals: Object.fromEntries(external.map((name) => [name, `module ${name}`])),
    experiments: { asyncWebAssembly: true, outputModule: true },
    output: { path: join(folder, out), filename: "[name].mjs", library: { type: "module" } },
    optimization: { minimize: false },
  });
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, made) => (error ? reject(error) : resolve(made))),
  );
  await new Promise((resolve) => compiler.close(resolve));
  const { errors } = stats.toJson({ all: false, errors: true });
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
};

/** By column, what bundles one file of a folder into another; `problem` where they could not be fetched. */
export async function fetchBundlers() {
  const folder = join(work, "bundlers");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const packages = Object.entries(VERSIONS).map(([name, version]) => `${name}@${version}`);
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { problem } = await run("npm", ["install", ...options, ...packages], folder);
  if (problem !== "") return { problem };
  const vite = await importFrom(folder, "vite");
  const { default: webpack } = await importFrom(folder, "webpack");
  const notOnPages = ["prom-client"];
  return {
    problem,
    onNode: { vite: viteFor(vite, true, []), webpack: webpackFor(webpack, "node20", []) },
    onPage: {
      "vite page": viteFor(vite, false, notOnPages),
      "webpack page": webpackFor(webpack, "web", notOnPages),
    },
  };
}
