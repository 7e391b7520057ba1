// What only a clone needs is not published: whoever installs the package would fetch wasm-pack and what it needs, run
// its install script, and be warned of `prepare`. `npm pack` and `npm publish` run this: "strip" before, "restore" behind.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../package.json", import.meta.url));
const whole = `${file}.whole`;

/** As it is published. */
export function published({ scripts, devDependencies, optionalDependencies, allowScripts, ...rest }) {
  return rest;
}

export function strip() {
  const text = readFileSync(file, "utf8");
  if (!existsSync(whole)) writeFileSync(whole, text);
  writeFileSync(file, `${JSON.stringify(published(JSON.parse(text)), undefined, 2)}\n`);
}

export function restore() {
  if (existsSync(whole)) renameSync(whole, file);
}

if (process.argv[2] === "strip") strip();
if (process.argv[2] === "restore") restore();
