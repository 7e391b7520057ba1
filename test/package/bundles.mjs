// The bundlers, each by its own command or interface.
import { cpSync, existsSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { rolldown } from "rolldown";
import { bin, run } from "./command.mjs";

const WASM = "node_modules/velithon-core/velithon_core_bg.wasm";

/** The file of `velithon-core`, beside a bundle that reads it. Once: another bundle may be reading it by now. */
export function copyCore(folder, out) {
  const file = join(folder, out, basename(WASM));
  if (!existsSync(file)) cpSync(join(folder, WASM), file);
}

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

async function byCommand(folder, command, args) {
  const { problem } = await run(command, args, folder);
  if (problem !== "") throw new Error(problem);
}

/** By column: bundles a `file` of `folder` into its folder `out`. */
export const bundlers = {
  async esbuild(folder, file, out) {
    await esbuildFor(folder, [file], out, { platform: "node" });
    copyCore(folder, out);
  },
  async rolldown(folder, file, out) {
    const bundle = await rolldown({
      cwd: folder,
      input: file,
      platform: "node",
      moduleTypes: { ".wasm": "binary" },
      logLevel: "silent",
    });
    await bundle.write({ dir: join(folder, out), format: "esm", entryFileNames: "[name].mjs" });
    await bundle.close();
    copyCore(folder, out);
  },
  async "bun build"(folder, file, out) {
    await byCommand(folder, bin("bun"), ["build", "--target", "bun", "--outfile", join(out, file), file]);
    copyCore(folder, out);
  },
  async "deno bundle"(folder, file, out) {
    const options = ["--quiet", "--no-lock", "--platform", "deno", "-o", join(out, file)];
    await byCommand(folder, bin("deno"), ["bundle", ...options, file]);
    copyCore(folder, out);
  },
};
