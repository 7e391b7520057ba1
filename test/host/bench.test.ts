import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { App } from "../../runtimes/cli/bench/app.ts";
import { readPlan } from "../../runtimes/cli/bench/plan.ts";
import { Client } from "../../runtimes/cli/load/open-loop.ts";
import { type Ended, folder, runtimes, start, top, type Words, write } from "../support/commands.ts";

const LIMIT_MS = 120_000;
const quick = ["--seconds=1", "--rounds=3"];

const bench = (command: Words, ...words: string[]): Promise<Ended> =>
  start([...command, "bench", ...words], {}, { cwd: top, limitMs: LIMIT_MS }).end;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`;
    // A process that has ended stays until its parent has looked.
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, "utf8"));
  } catch {
    return false;
  }
}

const at = (name: string): string => `${folder}/${name}`;

interface Report {
  runtime: string;
  requests: Record<string, number>;
  failed: Record<string, number>;
  figures: { name: string; stock: number; governed: number; verdict: string }[];
  verdict: string;
  sentence: string;
  governor?: { requests: number; performed: number; reason: string };
}

for (const [name, command] of Object.entries(runtimes)) {
  test(`bench on ${name}: stock, stock again and governed, the same requests each, all answered`, async () => {
    const app = `${top}test/host/attached/served.mjs`;
    const { code, stdout, stderr } = await bench(command(), ...quick, "--json", "--policy=quiet", app);
    assert.ok(code === 0 || code === 1, stderr);
    const report = JSON.parse(stdout) as Report;
    assert.is(report.runtime, name);
    const { stock, again, governed } = report.requests;
    assert.ok(stock! > 100, `${stock}`);
    assert.equal([again, governed], [stock, stock]);
    assert.equal(report.failed, { stock: 0, again: 0, governed: 0 });
    assert.ok(report.figures.some((figure) => figure.name === "p50" && figure.stock > 0));
    if (process.platform === "linux") {
      for (const wanted of ["CPU per request", "RSS"]) {
        assert.ok(
          report.figures.some((figure) => figure.name === wanted && figure.stock > 0),
          wanted,
        );
      }
    }
    // Those of the warm-up and of the start are more.
    assert.ok(report.governor!.requests > stock!, `the governor saw ${report.governor?.requests}`);
    assert.is(code, ["worse", "mixed"].includes(report.verdict) ? 1 : 0);
    assert.match(report.sentence, /^Governed, the app is: /);
    assert.match(stderr, /^velithon bench: 9 windows, about \d+ s\n/);
    assert.match(stderr, /^round 1 of 3, \w+: window 1 of 9$/m);
  });
}

test("bench: an app that the governor makes slow is worse, by the exit code too", async () => {
  const app = write(
    "slow.mjs",
    `import { createServer } from "node:http";
const waitMs = process.env.VELITHON_POLICY ? 200 : 0;
createServer((_, response) => setTimeout(() => response.end("hello"), waitMs)).listen(process.env.PORT, "127.0.0.1");
`,
  );
  const words = [...runtimes.node!(), "bench", ...quick, app];
  const { code, stdout, stderr } = await start(words, {}, { limitMs: LIMIT_MS }).end;
  assert.is(code, 1, stderr);
  assert.match(stdout, /^Governed, the app is: .*worse in p50 \(times \d+/m);
});

for (const [name, command] of Object.entries(runtimes)) {
  test(`bench on ${name}: stopped, it takes the app with it`, async () => {
    const file = `${folder}/${name}.pid`;
    const flag = name === "deno" ? ["--flag=--allow-write"] : [];
    const words = [...command(), "bench", ...flag, `${top}test/host/attached/waits.mjs`, file];
    const { child, end } = start(words, {}, { cwd: top });
    let pid = 0;
    for (let i = 0; i < 500 && !(pid > 0); i++) {
      await wait(20);
      pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
    }
    assert.ok(pid > 0);
    child.kill("SIGTERM");
    assert.is((await end).code, 130);
    let alive = true;
    for (let i = 0; i < 100 && alive; i++) {
      await wait(20);
      alive = isAlive(pid);
    }
    assert.not.ok(alive);
  });
}

/** The one line that a bench ends with. */
async function refusal(app: string, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await bench(runtimes.node!(), ...quick, ...words, app);
  assert.is(code, 2, stderr);
  assert.is(stdout, "");
  return /^velithon: (bench: .*)/ms.exec(stderr)![1]!;
}

test("bench: an app that ends, says no, or answers errors is told", async () => {
  write("ends.mjs", `console.error("no database"); process.exit(3);\n`);
  assert.match(
    await refusal(at("ends.mjs")),
    /^bench: the app ended with exit code 3; it said:\nno database/,
  );

  const serving = (answer: string) =>
    `import { createServer } from "node:http";
let seen = 0;
createServer((request, response) => { seen++; ${answer} }).listen(process.env.PORT, "127.0.0.1");
`;
  write("missing.mjs", serving(`response.writeHead(404).end();`));
  assert.match(
    await refusal(at("missing.mjs"), "--path=/x"),
    /^bench: the app answers http:\S+\/x with 404; name a path/,
  );

  write("failing.mjs", serving(`response.writeHead(seen > 60 ? 500 : 200).end();`));
  assert.match(
    await refusal(at("failing.mjs")),
    /^bench: \d+ of \d+ requests failed \(\d+ with status 500\), .*lower --rate, or name another path/,
  );

  write("dying.mjs", serving(`if (seen > 60) { console.error("gone"); process.exit(4); } response.end();`));
  assert.match(await refusal(at("dying.mjs")), /^bench: the app ended with exit code 4; it said:\ngone/);
});

test("bench: an address at which something listens already is refused", async () => {
  const server = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const line = await refusal(`${top}test/host/attached/served.mjs`, `--url=http://127.0.0.1:${port}/`);
    assert.match(line, `something listens at 127.0.0.1:${port} already`);
  } finally {
    server.close();
  }
});

test("bench: an app that listens elsewhere is told after a while, with what PORT was", async () => {
  write("idle.mjs", "setInterval(() => {}, 1000);\n");
  const command = { program: process.execPath, args: [at("idle.mjs")], variables: {} };
  const { port } = await readPlan([at("idle.mjs")]).then(({ plan }) => plan!);
  const client = new Client();
  let message = "";
  try {
    const environment = { ...process.env, PORT: String(port) };
    await App.start(command, environment, `http://127.0.0.1:${port}/x`, client, 500);
  } catch (error) {
    message = (error as Error).message;
  }
  client.close();
  assert.is(
    message,
    `bench: the app does not answer at 127.0.0.1:${port} after 0.5 s (PORT was ${port}); name its address by --url`,
  );
});

test.run();
