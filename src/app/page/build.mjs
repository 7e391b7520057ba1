// Makes the dashboard one page without a second file: its script with uPlot, its style, and the policy that
// lets exactly these two run.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const plotFile = (name) => createRequire(import.meta.url).resolve(`uplot/dist/${name}`);

const source = readFileSync(plotFile("uPlot.esm.js"), "utf8");
const licence = source.slice(0, source.indexOf("*/") + 2);

/** uPlot makes a number format of the browser's language as it loads, and dies of one that is none (`en-US@posix`). */
function loadPlot() {
  const contents = source.replace("nav.language", '"en"');
  if (contents === source) throw new Error("uPlot asks for the language in another way than it did");
  return { contents, loader: "js" };
}

const bundle = await build({
  entryPoints: [here("main.ts")],
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: "es2022",
  banner: { js: licence },
  plugins: [{ name: "uplot", setup: ({ onLoad }) => onLoad({ filter: /uPlot\.esm\.js$/ }, loadPlot) }],
});
const script = bundle.outputFiles[0].text;
const styles = readFileSync(plotFile("uPlot.min.css"), "utf8") + readFileSync(here("style.css"), "utf8");
const style = (await transform(styles, { loader: "css", minify: true })).code;
if (/<\/(script|style)/i.test(script + style)) throw new Error("the page would end its own script or style");

const html = readFileSync(here("index.html"), "utf8")
  .replace(/\n\s*/g, "\n")
  .replace("/*style*/", () => style)
  .replace("/*script*/", () => script);

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

writeFileSync(
  here("../page-html.ts"),
  `// Made by src/app/page/build.mjs. Do not edit.
export const pagePolicy: string = ${JSON.stringify(policy)};
export const page: string = ${JSON.stringify(html)};
`,
);
