// Writes the compiled core into the library as base64, so that it loads
// synchronously, without a file permission, and bundles for the browser.
import { readFileSync, writeFileSync } from "node:fs";

const bytes = readFileSync(new URL("../dist/core.wasm", import.meta.url));
writeFileSync(
  new URL("../src/core/bytes.ts", import.meta.url),
  `// Made by assembly/embed.mjs from assembly/. Do not edit.\nexport const coreBytes: string =\n  "${bytes.toString("base64")}";\n`,
);
