// Packs pkg/ into a tarball: by wasm-pack where its binary is, by npm where it is not. Prints which.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const top = fileURLToPath(new URL("..", import.meta.url));
const pkg = join(top, "pkg");

/** The binary itself: the package of that name on the registry is a script that downloads it. */
function findWasmPack() {
  const file = process.platform === "win32" ? "wasm-pack.exe" : "wasm-pack";
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !/node_modules/.test(folder));
  return [join(top, "node_modules/wasm-pack/binary"), ...folders]
    .map((folder) => join(folder, file))
    .find((path) => existsSync(path));
}

if (!existsSync(pkg)) {
  console.error("pack:core: pkg/ is missing: run npm run build first");
  process.exit(1);
}
// Given the folder itself: left to search, wasm-pack takes the first pkg/ it meets, in node_modules as well.
const wasmPack = findWasmPack();
const [command, args, cwd] = wasmPack ? [wasmPack, ["pack", "pkg"], top] : ["npm", ["pack", "--silent"], pkg];
const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
if (status !== 0) {
  console.error(`pack:core: ${command} failed: ${error?.message ?? ""}\n${stdout ?? ""}${stderr ?? ""}`);
  process.exit(1);
}
console.log(
  `pack:core: pkg/ was packed by ${wasmPack ? `wasm-pack pack (${wasmPack})` : "npm pack (no wasm-pack binary here)"}`,
);
