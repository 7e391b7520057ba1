// Writes the compiled modules into the library as base64, so that they load
// synchronously, without a file permission, and bundle for the browser.
import { readFileSync, writeFileSync } from "node:fs";

for (const [wasm, file, name] of [
  ["core", "bytes", "coreBytes"],
  ["governor", "governor-bytes", "governorBytes"],
  ["shared", "shared-bytes", "sharedBytes"],
]) {
  const bytes = readFileSync(new URL(`../dist/${wasm}.wasm`, import.meta.url));
  writeFileSync(
    new URL(`../src/core/${file}.ts`, import.meta.url),
    `// Made by assembly/embed.mjs from assembly/. Do not edit.\nexport const ${name}: string =\n  "${bytes.toString("base64")}";\n`,
  );
}
