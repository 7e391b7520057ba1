// The guide's examples without their types, run from the packed tarball on each runtime.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { bin, check, run, top } from "./command.mjs";

const RUN = `
for (const [heading, example] of Object.entries(examples)) {
  try {
    await example();
  } catch (error) {
    throw new Error(\`\${heading}: \${error.message}\`, { cause: error });
  }
}
console.log(Object.keys(examples).length, "examples");
`;

export async function checkGuide(folder) {
  const source = readFileSync(join(top, "test/guide/examples.ts"), "utf8");
  const { code } = transformSync(source, { loader: "ts", format: "esm", target: "es2022" });
  writeFileSync(join(folder, "guide.mjs"), code + RUN);
  for (const [runtime, words] of [
    ["node", [process.execPath]],
    ["bun", [bin("bun")]],
    ["deno", [bin("deno"), "run", "-A", "--no-lock"]],
  ]) {
    const { problem, stdout } = await run(words[0], [...words.slice(1), "guide.mjs"], folder);
    const count = Number.parseInt(stdout.trim().split("\n").at(-1), 10);
    check(`the guide's examples on ${runtime}`, problem || (count >= 20 ? "" : stdout || "none ran"));
  }
}
