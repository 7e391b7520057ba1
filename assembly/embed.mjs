// Writes the compiled modules into the library as base64, so that they load
// synchronously, without a file permission, and bundle for the browser.
import { readFileSync, rmSync, writeFileSync } from "node:fs";

for (const [wasm, file, name] of [
  ["core", "bytes", "coreBytes"],
  ["governor", "governor-bytes", "governorBytes"],
  ["shared", "shared-bytes", "sharedBytes"],
]) {
  const compiled = new URL(`../dist/${wasm}.wasm`, import.meta.url);
  const bytes = readFileSync(compiled);
  // Nobody imports it as a file, so it would be published for nothing.
  if (wasm === "shared") rmSync(compiled);
  writeFileSync(
    new URL(`../src/core/${file}.ts`, import.meta.url),
    `// Made by assembly/embed.mjs from assembly/. Do not edit.\nexport const ${name}: string =\n  "${bytes.toString("base64")}";\n`,
  );
}
