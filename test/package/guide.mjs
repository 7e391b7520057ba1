// The guide's examples without their types, run from the packed tarball on each runtime.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
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
  const { outputFiles } = buildSync({
    entryPoints: [join(top, "test/guide/examples.ts")],
    bundle: true,
    packages: "external",
    format: "esm",
    target: "es2022",
    write: false,
  });
  writeFileSync(join(folder, "guide.mjs"), outputFiles[0].text + RUN);
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
