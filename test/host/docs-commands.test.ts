import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { pages, read, top } from "../docs.ts";
import { folder } from "../support/commands.ts";
import { freePort } from "../support/free-port.ts";

interface Code {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

/** Blocks that are neither TypeScript, which docs.test.ts runs, nor something printed. */
const blocks: Code[] = pages.flatMap((page) =>
  Array.from(
    read(page).matchAll(/^```(?!ts\b|typescript\b|text\b)(\w+)[^\n]*\n(.*?)^```$/gms),
    ([, language, text]) => ({
      page,
      language: language!,
      text: text!,
    }),
  ),
);

/** What runs each of them. */
const RUN_BY: readonly [RegExp, string][] = [
  [/^README\.md sh git clone /, "npm run test:clone"],
  [/^README\.md sh npm ci && npm pack /, "npm run test:package"],
  [/^README\.md sh npm install velithon hono\nnpx velithon /, "test/package/documented.mjs"],
  [/^README\.md sh curl /, "this file"],
  [/^docs\/(attach|cli)\.md sh /, "test/package/documented.mjs"],
  [/^docs\/pools\.md sh npx tsx /, "this file"],
  [/^docs\/attach\.md js import "velithon\/register"/, "this file"],
  [/^docs\/core-package\.md html /, "test/package/documented.mjs"],
];

const found = (page: string, language: string): string[] =>
  blocks.filter((block) => block.page === page && block.language === language).map(({ text }) => text);

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter(Boolean);

const bin = (name: string): string => `${top}node_modules/.bin/${name}`;

interface Ended {
  code: number | null;
  output: string;
}

function run(
  words: readonly string[],
  cwd = top,
): { child: ChildProcess; end: Promise<Ended>; said: () => string } {
  const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", VELITHON_ADMIN_PORT: "0" };
  const child = spawn(words[0]!, words.slice(1), { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding("utf8").on("data", (part) => {
      output += part;
    });
  const end = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
  return { child, end, said: () => output };
}

async function said(server: ReturnType<typeof run>, what: RegExp): Promise<string> {
  for (let i = 0; i < 3000; i++) {
    const match = what.exec(server.said());
    if (match) return match[1]!;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`there is no ${what} in: ${server.said()}`);
}

test("every block of code is run by something", () => {
  assert.ok(blocks.length >= 8);
  const idle = blocks
    .map(({ page, language, text }) => `${page} ${language} ${text}`)
    .filter((block) => !RUN_BY.some(([pattern]) => pattern.test(block)));
  assert.equal(idle, []);
});

test("README: what is asked of the shared app is answered", async () => {
  const commands = found("README.md", "sh")
    .flatMap(linesOf)
    .filter((line) => line.startsWith("curl "));
  assert.ok(commands.length >= 8);
  const port = await freePort();
  const server = run(["sh", "-c", `PORT=${port} exec node dist/runtimes/node/serve.js`]);
  try {
    await said(server, /listening on (http:\S+)/);
    for (const command of commands) {
      const words = command.replace("localhost:3000", `localhost:${port}`);
      const { code, output } = await run(["sh", "-c", words.replace("curl ", "curl --fail -sS -m 2 ")]).end;
      // 28: a stream that goes on.
      assert.ok(
        code === 0 || (code === 28 && command.includes("/demo/stream")),
        `${command}: ${code} ${output}`,
      );
      assert.ok(output.length > 1, command);
    }
  } finally {
    server.child.kill("SIGKILL");
    await server.end;
  }
});

test("pools: the sizes are printed", async () => {
  const [command] = found("docs/pools.md", "sh").flatMap(linesOf);
  const { code, output } = await run(["sh", "-c", command!.replace("npx tsx", bin("tsx"))]).end;
  assert.is(code, 0, output);
  assert.match(output, /\d/);
});

test("attach: the module of two lines before an app of `deno serve`", async () => {
  const [text] = found("docs/attach.md", "js");
  const register = JSON.stringify(`${top}dist/runtimes/deno/register.js`);
  writeFileSync(join(folder, "served.js"), text!.replace('"velithon/register"', register));
  writeFileSync(join(folder, "app.ts"), read("test/host/attached/declared.ts"));
  const words = ["serve", "--allow-net", "--allow-env", "--no-lock", "--host=127.0.0.1", "--port=0"];
  const server = run([bin("deno"), ...words, join(folder, "served.js")]);
  try {
    const origin = await said(server, /Listening on (http:\S+?)\/?$/m);
    const admin = await said(server, /dashboard: (http:\S+)\/memory$/m);
    assert.equal(await (await fetch(`${origin}/x`)).json(), { path: "/x" });
    const stats = (await (await fetch(`${admin}/stats`)).json()) as { requests: { started: number } };
    assert.is(stats.requests.started, 1);
  } finally {
    server.child.kill("SIGKILL");
    await server.end;
  }
});

test.run();
