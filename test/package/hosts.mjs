// Where the programs run: the runtimes, with and without a bundler before them, a page and a worker of a real
// browser, and workerd. Each column answers, by entry point, a problem or nothing.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { openBrowser } from "../browser.ts";
import { bundlers, esbuildFor } from "./bundles.mjs";
import { bin, eachOf, manifest, run } from "./command.mjs";

const denoStartFlags = manifest.scripts["start:deno"].match(/--v8-flags=\S+/g) ?? [];
const slug = (entry) => entry.replaceAll("/", "_");

/** The program of an entry point for a column. */
function programOf(entry, column) {
  return entry.in?.[column] ?? entry;
}

function wanted(entries, column) {
  return Object.entries(entries).filter(([, entry]) => entry.not?.[column] === undefined);
}

/** The command that runs a file. Without a terminal Deno denies what is not granted, instead of asking. */
function commandFor(runtime, entry, file) {
  if (runtime === "node") return [process.execPath, [...(entry.node ?? []), file]];
  if (runtime === "bun") return [bin("bun"), [file]];
  const permissions = entry.deno ?? [];
  return [
    bin("deno"),
    [
      "run",
      "--no-lock",
      ...(permissions.includes("--allow-env") ? denoStartFlags : []),
      ...permissions,
      file,
    ],
  ];
}

async function runOn(folder, runtime, entry, file) {
  const { problem, stdout } = await run(...commandFor(runtime, entry, file), folder);
  if (problem !== "") return problem;
  return stdout.trim().split("\n").at(-1) === "ok" ? "" : "it did not run to its end";
}

function write(folder, name, text) {
  writeFileSync(join(folder, name), text);
  return name;
}

function scriptFor(folder, name, entry, column) {
  const { imports, body } = programOf(entry, column);
  return write(
    folder,
    `${slug(name)}.${slug(column).replace(" ", "-")}.mjs`,
    `${imports}\n${body}\nconsole.log("ok");\n`,
  );
}

const onRuntime = (runtime) => async (folder, entries) => {
  const cells = await eachOf(wanted(entries, runtime), async ([name, entry]) => [
    name,
    await runOn(folder, runtime, entry, scriptFor(folder, name, entry, runtime)),
  ]);
  return Object.fromEntries(cells);
};

const bundledFor = (column, runtime, bundle) => async (folder, entries) => {
  const list = wanted(entries, column);
  const out = slug(column).replace(" ", "-");
  const cells = await eachOf(list, async ([name, entry]) => {
    const file = scriptFor(folder, name, entry, column);
    try {
      await bundle(folder, file, out);
    } catch (error) {
      return [name, `the bundle could not be made: ${error.message}`];
    }
    return [name, await runOn(folder, runtime, entry, join(out, file))];
  });
  return Object.fromEntries(cells);
};

const TYPES = {
  ".mjs": "text/javascript",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

export async function serveFolder(folder) {
  const server = createServer((request, response) => {
    const path = join(folder, new URL(request.url, "http://x").pathname);
    if (!existsSync(path) || TYPES[extname(path)] === undefined) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(path)] }).end(readFileSync(path));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const PAGE = `<!doctype html><title>velithon</title><script type="module">
const [kind, file] = location.hash.slice(1).split(":");
window.onerror = (message) => { window.answer = String(message); };
if (kind === "page") {
  import(file).then((program) => program.main()).then(() => { window.answer = "ok"; }, (error) => { window.answer = String(error.stack ?? error); });
} else {
  const worker = new Worker(file, { type: "module" });
  worker.onmessage = (event) => { window.answer = event.data; };
  worker.onerror = (event) => { window.answer = event.message || "the worker could not be loaded"; };
}
</script>`;

/** A program as a module with \`main\`, which a worker runs by itself. */
function webProgram({ imports, body }) {
  return `${imports}
export async function main() {${body}
}
if (typeof document === "undefined") main().then(() => postMessage("ok"), (error) => postMessage(String(error.stack ?? error)));
`;
}

const byEsbuild = (folder, file, out) =>
  esbuildFor(folder, [file], out, { platform: "browser", external: ["prom-client"] });

/** `kind`: "page" or "worker". A program that is `raw` there is taken as it is. */
const inBrowser = (column, kind, bundle, raw) => async (folder, entries) => {
  const list = wanted(entries, column);
  const answers = {};
  const files = {};
  const out = slug(column).replace(" ", "-");
  for (const [name, entry] of list) {
    const file = write(folder, `${slug(name)}.${out}.mjs`, webProgram(programOf(entry, column)));
    if (raw && entry.raw) {
      files[name] = `/${file}`;
      continue;
    }
    try {
      await bundle(folder, file, out);
      files[name] = `/${out}/${file}`;
    } catch (error) {
      answers[name] = `the bundle could not be made: ${error.message}`;
    }
  }
  write(folder, "page.html", PAGE);
  const server = await serveFolder(folder);
  const { browser, close } = await openBrowser();
  try {
    for (const [name, file] of Object.entries(files)) {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/page.html#${kind}:${file}`);
      const answer = await page
        .waitForFunction(() => globalThis.answer, undefined, { timeout: 15_000 })
        .then((handle) => handle.jsonValue())
        .catch((error) => error.message);
      answers[name] = answer === "ok" ? "" : answer;
      await page.close();
    }
  } finally {
    await close();
    server.close();
  }
  return answers;
};

/** Why workerd cannot run here, or nothing. Its package brings one binary for each of the usual machines. */
async function whyNoWorkerd() {
  if (!existsSync(bin("workerd"))) return "the package workerd is not installed";
  const { problem } = await run(bin("workerd"), ["--version"]);
  return problem === "" ? undefined : "the package workerd has no binary that runs on this machine";
}

async function onWorkerd(folder, entries) {
  const reason = await whyNoWorkerd();
  if (reason !== undefined) return { skipped: reason };
  const cells = await eachOf(wanted(entries, "workerd"), async ([name, entry]) => {
    const { imports, body } = programOf(entry, "workerd");
    const out = `workerd-${slug(name)}`;
    mkdirSync(join(folder, out));
    const file = write(
      folder,
      `${slug(name)}.workerd.mjs`,
      `${imports}\nexport default { async test() {${body}\n} };\n`,
    );
    try {
      await esbuildFor(folder, [file], out, {
        platform: "browser",
        conditions: ["workerd", "worker"],
        external: ["prom-client", "node:*"],
        copied: true,
      });
    } catch (error) {
      return [name, `the bundle could not be made: ${error.message}`];
    }
    const code = readFileSync(join(folder, out, file), "utf8");
    const modules = [...new Set(Array.from(code.matchAll(/from "\.\/([^"]+\.wasm)"/g), ([, wasm]) => wasm))];
    const lines = modules.map((wasm) => `(name = "${wasm}", wasm = embed "${wasm}"),`);
    write(
      join(folder, out),
      "config.capnp",
      `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .main)]);
const main :Workerd.Worker = (
  modules = [(name = "main.mjs", esModule = embed "${file}"), ${lines.join(" ")}],
  compatibilityDate = "2025-06-01",
);
`,
    );
    const { problem } = await run(bin("workerd"), ["test", "config.capnp"], join(folder, out));
    return [name, problem];
  });
  return Object.fromEntries(cells);
}

const own = {
  node: onRuntime("node"),
  bun: onRuntime("bun"),
  deno: onRuntime("deno"),
  esbuild: bundledFor("esbuild", "node", bundlers.esbuild),
  rolldown: bundledFor("rolldown", "node", bundlers.rolldown),
  "bun build": bundledFor("bun build", "bun", bundlers["bun build"]),
  "deno bundle": bundledFor("deno bundle", "deno", bundlers["deno bundle"]),
  page: inBrowser("page", "page", byEsbuild, true),
  worker: inBrowser("worker", "worker", byEsbuild, true),
  workerd: onWorkerd,
};

/** By name: what runs every entry point there. `fetched`: what `fetchBundlers` answered, or nothing. */
export function columnsWith(fetched) {
  if (fetched === undefined) return own;
  const columns = { ...own };
  for (const name of ["vite", "webpack"]) {
    columns[name] = fetched.problem
      ? () => ({ skipped: "it could not be fetched" })
      : bundledFor(name, "node", fetched.onNode[name]);
    columns[`${name} page`] = fetched.problem
      ? columns[name]
      : inBrowser(`${name} page`, "page", fetched.onPage[`${name} page`], false);
  }
  return columns;
}
