import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run, runtimes, start, top, type Words, write } from "../support/commands.ts";

interface Report {
  runtime: string;
  version: string;
  heapLimitBytes?: number;
  limitBytes?: number;
  machineBytes?: number;
  youngHalfBytes?: number;
  capabilities: Record<string, { available: boolean }>;
  actions: { rule: string; severity: string; flag?: string; evidence: string; verify: string }[];
}

async function doctor(
  words: Words,
  variables?: Record<string, string>,
): Promise<Report & { code: number | null }> {
  const { code, stdout, stderr } = await run([...words, "doctor", "--json"], variables);
  assert.is(stderr, "");
  return { ...(JSON.parse(stdout) as Report), code };
}

const app = write(
  "app.mjs",
  `import process from "node:process";
import v8 from "node:v8";
const limitMb = "Bun" in globalThis ? 0 : v8.getHeapStatistics().heap_size_limit / 2 ** 20;
if (process.argv.includes("wait")) {
  process.on("SIGTERM", () => process.exit(7));
  setInterval(() => {}, 1000);
} else process.exitCode = 3;
console.log(JSON.stringify({ args: process.argv.slice(2), limitMb, minor: typeof globalThis.__vgc }));
`,
);

const rulesOf = ({ actions }: Report): string[] => actions.map(({ rule }) => rule);

for (const [name, command] of Object.entries(runtimes)) {
  test(`doctor on ${name}: a report for people and for machines, and an exit code`, async () => {
    const report = await doctor(command());
    assert.is(report.runtime, name);
    assert.ok(Object.values(report.capabilities).filter(({ available }) => available).length >= 5);
    assert.ok(report.actions.length <= 3);
    const text = await run([...command(), "doctor"]);
    assert.is(text.code, report.code);
    assert.match(text.stdout, `velithon doctor: ${name} ${report.version}`);
    for (const { evidence, verify } of report.actions) assert.match(text.stdout, verify && evidence);
    const strict = await run([...command(), "doctor", "--strict"]);
    assert.is(strict.code, report.actions.length > 0 ? 1 : 0);
  });

  test(`bad arguments on ${name}: one clear line, exit code 2, nothing on stdout`, async () => {
    const bad: [Words, RegExp][] = [
      [["docter"], /^velithon: there is no command "docter"; accepted: .*doctor.*\n$/],
      [["doctor", "--fast"], /^velithon: doctor: .*--fast.*; accepted: --strict, --json, --help\n$/],
      [["doctor", "here"], /^velithon: doctor: "here" is one argument too many\n$/],
      [["run"], /^velithon: run: which app\? velithon run app\.ts\n$/],
      [["run", "nowhere.js"], /^velithon: run: there is no file nowhere\.js\n$/],
      [["run", "."], /^velithon: run: there is no file \.\n$/],
      [
        ["run", "--flag=", app],
        /^velithon: run: --flag is ""; accepted: a flag of the runtime, --flag=--x\n$/,
      ],
      [["bench", "--flag=x", app], /^velithon: bench: --flag is "x"; accepted: .*\n$/],
      [["bench"], /^velithon: bench: which app\? velithon bench app\.ts\n$/],
      [
        ["bench", "--rate=lots", app],
        /^velithon: bench: --rate is "lots"; accepted: a number from 1 to \d+\n$/,
      ],
    ];
    for (const [words, expected] of bad) {
      const { code, stdout, stderr } = await run([...command(), ...words]);
      assert.is(code, 2, words.join(" "));
      assert.is(stdout, "");
      assert.match(stderr, expected);
    }
  });
}

test("help and version, of the program and of each command", async () => {
  const node = runtimes.node!();
  for (const words of [["--help"], ["doctor", "--help"], ["run", "-h"], ["bench", "--help"]]) {
    const { code, stdout } = await run([...node, ...words]);
    assert.is(code, 0);
    assert.match(stdout, /^velithon/);
  }
  assert.is((await run(node)).code, 2);
  assert.match((await run([...node, "--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test("Node: a start flag that doctor names is seen to be done by its own command", async () => {
  const before = await doctor(runtimes.node!());
  for (const { rule, flag } of before.actions.filter((action) => action.flag !== undefined)) {
    const after = await doctor(runtimes.node!(), { NODE_OPTIONS: flag! });
    assert.not.ok(rulesOf(after).includes(rule), rule);
  }
  const flagged = await doctor(runtimes.node!(["--max-semi-space-size=8"]));
  assert.is(flagged.youngHalfBytes, 8 * 2 ** 20);
});

test("Deno: the start flag gives minor collections", async () => {
  assert.ok(rulesOf(await doctor(runtimes.deno!())).includes("start-flag"));
  const after = await doctor(runtimes.deno!(["--v8-flags=--expose-gc-as=__vgc"]));
  assert.not.ok(rulesOf(after).includes("start-flag"));
});

test("Deno without permissions: a report all the same, with what is missing", async () => {
  const [deno] = runtimes.deno!();
  const report = await doctor([
    deno!,
    "run",
    "--no-prompt",
    "--allow-env",
    "--allow-read",
    `${top}dist/runtimes/cli/main.js`,
  ]);
  assert.is(report.runtime, "deno");
  assert.is(report.limitBytes, undefined);
  assert.is(report.machineBytes, undefined, "no made-up 0");
  assert.ok(rulesOf(report).includes("permissions"));
});

/** The folder of a new memory cgroup with a limit; `undefined` where this process may make none. */
function makeCgroup(limitBytes: number): string | undefined {
  for (const [parent, file] of [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"],
  ] as const) {
    const path = `${parent}/velithon-cli-${process.pid}`;
    try {
      mkdirSync(path);
    } catch {
      continue;
    }
    try {
      writeFileSync(`${path}/${file}`, String(limitBytes));
      return path;
    } catch {
      rmdirSync(path);
    }
  }
  return undefined;
}

test("in a container: the limit is seen, a heap above it is a danger, and the flag named for it removes it", async () => {
  const limitBytes = 512 * 2 ** 20;
  const cgroup = makeCgroup(limitBytes);
  if (cgroup === undefined) {
    console.log("no memory cgroup can be made here: not tried");
    return;
  }
  const inside = (words: Words) => [
    "sh",
    "-c",
    `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`,
    "sh",
    ...words,
  ];
  try {
    const node = inside(runtimes.node!());
    const fitting = await doctor(node);
    assert.is(fitting.limitBytes, limitBytes);
    assert.not.ok(rulesOf(fitting).includes("heap-limit"), "Node bounds its heap by the container by itself");
    const danger = await doctor(node, { NODE_OPTIONS: "--max-old-space-size=2000" });
    assert.is(danger.code, 1);
    const [first] = danger.actions;
    assert.is(first?.rule, "heap-limit");
    assert.is(first?.severity, "danger");
    const cured = await doctor(node, { NODE_OPTIONS: first!.flag! });
    assert.is(cured.code, 0);
    assert.not.ok(rulesOf(cured).includes("heap-limit"));
    assert.is((await doctor(inside(runtimes.bun!()))).limitBytes, limitBytes);
    assert.is((await doctor(inside(runtimes.deno!()))).limitBytes, limitBytes);
  } finally {
    // Its processes have ended; the kernel may take a moment to see it.
    for (let i = 0; i < 50; i++) {
      try {
        rmdirSync(cgroup);
        break;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
});

for (const [name, command] of Object.entries(runtimes)) {
  test(`run on ${name}: the app starts with the flags, gets its arguments, and gives the exit code`, async () => {
    const dry = await run([...command(), "run", "--dry-run", "--json", app, "--x", "y"]);
    assert.is(dry.code, 0);
    const { args, actions } = JSON.parse(dry.stdout) as { args: string[]; actions: Report["actions"] };
    for (const { flag } of actions) if (flag) assert.ok(args.includes(flag), `${args} ${flag}`);
    assert.equal(args.slice(-3), [app, "--x", "y"]);

    const { code, stdout, stderr } = await run([...command(), "run", app, "--x", "y"]);
    assert.is(code, 3, stderr);
    const told = JSON.parse(stdout) as { args: string[]; minor: string };
    assert.equal(told.args, ["--x", "y"]);
    if (name === "deno") assert.is(told.minor, "function");
    assert.match(stderr, /^velithon: .*app\.mjs --x y\n$/);
  });

  test(`run on ${name}: a signal reaches the app`, async () => {
    const { child, end } = start([...command(), "run", app, "wait"]);
    await new Promise((resolve) => child.stdout!.once("data", resolve));
    child.kill("SIGTERM");
    assert.is((await end).code, 7);
  });
}

for (const [name, command] of Object.entries(runtimes)) {
  test(`run --attach on ${name}: the app is watched, and nothing of ours is on its output`, async () => {
    const file = `${top}test/host/attached/done.mjs`;
    const words = [...command(), "run", "--attach", file];
    const { code, stdout, stderr } = await start(words, { VELITHON_ADMIN_PORT: "0" }, { cwd: top }).end;
    assert.is(code, 0, stderr);
    assert.is(stdout, "once\n");
    assert.match(stderr, /^velithon: watching this process; dashboard: http:\S+\/memory$/m);
  });
}

test("run: a flag of one's own goes to the runtime", async () => {
  const { code, stdout, stderr } = await run([
    ...runtimes.node!(),
    "run",
    "--flag=--max-old-space-size=300",
    app,
  ]);
  assert.is(code, 3, stderr);
  const { limitMb } = JSON.parse(stdout) as { limitMb: number };
  assert.ok(limitMb >= 300 && limitMb < 600, `${limitMb} MB`);
});

test("run: TypeScript on a Node that does not take it says what to do", async () => {
  const file = write("app.ts", "const x: number = 4;\nprocess.exitCode = x;\n");
  const { code, stderr } = await run([...runtimes.node!(), "run", file]);
  const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
  if (major > 22 || (major === 22 && minor >= 18)) assert.is(code, 4, stderr);
  else {
    assert.is(code, 2);
    assert.match(stderr, /npm install -D tsx/);
  }
  for (const name of ["bun", "deno"]) assert.is((await run([...runtimes[name]!(), "run", file])).code, 4);
});

test.run();
