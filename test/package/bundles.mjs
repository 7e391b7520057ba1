// The bundlers, each by its own command or interface. All bundle every program in one go.
import { cpSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { rolldown } from "rolldown";
import { bin, run } from "./command.mjs";

const WASM = "node_modules/velithon-core/velithon_core_bg.wasm";

/** esbuild for one kind of host; `copied` leaves .wasm files as imports of a file of their own. */
export async function esbuildFor(
  folder,
  files,
  out,
  { platform, conditions = [], external = [], copied = false },
) {
  await build({
    absWorkingDir: folder,
    entryPoints: files,
    bundle: true,
    format: "esm",
    target: platform === "node" ? "node20" : "es2022",
    platform,
    conditions,
    external,
    loader: { ".wasm": copied ? "copy" : "binary" },
    outdir: out,
    outExtension: { ".js": ".mjs" },
    // prom-client is CommonJS and asks for Node's modules by require.
    banner:
      platform === "node"
        ? {
            js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
          }
        : {},
    logLevel: "silent",
  });
}

async function byRolldown(folder, files, out) {
  for (const file of files) {
    const bundle = await rolldown({
      cwd: folder,
      input: file,
      platform: "node",
      moduleTypes: { ".wasm": "binary" },
      logLevel: "silent",
    });
    await bundle.write({ dir: join(folder, out), format: "esm", entryFileNames: "[name].mjs" });
    await bundle.close();
  }
}

async function byCommand(folder, files, commandFor) {
  for (const file of files) {
    const { problem } = await run(...commandFor(file), folder);
    if (problem !== "") throw new Error(problem);
  }
}

/** By column: bundles `files` of `folder` into its folder `out`. */
export const bundlers = {
  async esbuild(folder, files, out) {
    await esbuildFor(folder, files, out, { platform: "node" });
    cpSync(join(folder, WASM), join(folder, out, basename(WASM)));
  },
  async rolldown(folder, files, out) {
    await byRolldown(folder, files, out);
    cpSync(join(folder, WASM), join(folder, out, basename(WASM)));
  },
  async "bun build"(folder, files, out) {
    await byCommand(folder, files, (file) => [
      bin("bun"),
      ["build", "--target", "bun", "--outfile", join(out, file), file],
    ]);
    cpSync(join(folder, WASM), join(folder, out, basename(WASM)));
  },
  async "deno bundle"(folder, files, out) {
    await byCommand(folder, files, (file) => [
      bin("deno"),
      ["bundle", "--quiet", "--no-lock", "--platform", "deno", "-o", join(out, file), file],
    ]);
    cpSync(join(folder, WASM), join(folder, out, basename(WASM)));
  },
};
