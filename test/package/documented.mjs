// The commands of the pages, as they are written there, in a folder where nothing is installed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { openBrowser } from "../browser.ts";
import { check, run, top, work } from "./command.mjs";
import { serveFolder } from "./hosts.mjs";

/** Of the shell blocks of a page: commands without their comments. */
export function commandsIn(page) {
  const text = readFileSync(join(top, page), "utf8");
  const blocks = Array.from(text.matchAll(/^```sh\n(.*?)^```$/gms), ([, block]) => block);
  return blocks.flatMap((block) =>
    block
      .split("\n")
      .map((line) => line.replace(/\s+#.*$/, "").trim())
      .filter(Boolean),
  );
}

/** An app that serves, and one that asks itself once and ends. */
const SERVES = `import { createServer } from "node:http";
createServer((_, response) => response.end("hello")).listen(Number(process.env.PORT ?? LISTENS), "127.0.0.1");
`;
const ONCE = readFileSync(join(top, "test/host/attached/done.mjs"), "utf8");

const RUNTIME = { npx: "node", npm: "node", node: "node", bun: "bun", bunx: "bun", deno: "deno" };

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A folder for each runtime: what one of its commands installs is there for its next one. */
function folderFor(runtime, app) {
  const folder = join(work, `documented-${runtime}`);
  mkdirSync(folder, { recursive: true });
  const manifest = join(folder, "package.json");
  // Where there is one, Deno takes packages from node_modules alone.
  if (runtime !== "deno" && !existsSync(manifest))
    writeFileSync(manifest, '{ "private": true, "type": "module" }\n');
  for (const name of ["app.js", "app.ts"]) writeFileSync(join(folder, name), app);
  return folder;
}

export async function checkDocumented(variables) {
  const path = join(top, "node_modules/.bin") + delimiter + process.env.PATH;
  const port = String(await freePort());
  for (const page of ["docs/attach.md", "docs/cli.md", "README.md"]) {
    // Those of the README that need a clone are run elsewhere.
    const wanted = page === "README.md" ? /^(npm install velithon|npx velithon)/ : /./;
    for (const command of commandsIn(page).filter((words) => wanted.test(words))) {
      const runtime = RUNTIME[command.split(" ")[0]];
      const measures = command.includes(" bench ");
      const folder = folderFor(runtime, measures ? SERVES.replace("LISTENS", port) : ONCE);
      // As long as it has to be: the bench of a user takes minutes.
      const words = command.replace(" bench ", " bench --seconds=1 --rounds=3 ").replace(":3000", `:${port}`);
      const { problem, stdout, stderr } = await run("sh", ["-c", words], folder, {
        ...variables,
        PATH: path,
      });
      // 1: worse in some figure, which a second cannot tell.
      const fine = problem === "" || (measures && stdout.includes("Governed, the app is"));
      check(`${page}: ${command}`, fine ? "" : `${problem}\n${stdout}\n${stderr}`);
    }
  }
}

/** What doctor says verifies an action does: run, it no longer names it. */
export async function checkVerifying(folder, runtime, { actions }) {
  const variables = { PATH: join(top, "node_modules/.bin") + delimiter + process.env.PATH };
  for (const { rule, verify } of actions) {
    const command = verify.replace("velithon doctor", "velithon doctor --json");
    const { problem, stdout } = await run("sh", ["-c", command], folder, variables);
    const left = problem || JSON.parse(stdout).actions.some((action) => action.rule === rule);
    check(`${runtime}: ${verify}`, left === false ? "" : `${problem}${stdout}`);
  }
}

/** The page without a bundler of docs/core-package.md, in a browser: it prints the address of a table. */
export async function checkDocumentedPage(folder) {
  const [, html] =
    /^```html\n(.*?)^```$/ms.exec(readFileSync(join(top, "docs/core-package.md"), "utf8")) ?? [];
  writeFileSync(join(folder, "documented.html"), html ?? "");
  const server = await serveFolder(folder);
  const { browser, close } = await openBrowser();
  try {
    const page = await browser.newPage();
    const said = new Promise((resolve) => {
      page.on("console", (message) => resolve(message.text()));
      page.on("pageerror", (error) => resolve(error.message));
      setTimeout(() => resolve("nothing within 15 s"), 15_000).unref();
    });
    await page.goto(`http://127.0.0.1:${server.address().port}/documented.html`);
    const text = await said;
    check("docs/core-package.md: a page without a bundler", Number(text) > 0 ? "" : text);
  } finally {
    await close();
    server.close();
  }
}
