import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const top = fileURLToPath(new URL("../..", import.meta.url));
mkdirSync(`${top}test/out`, { recursive: true });
const folder = mkdtempSync(`${top}test/out/exit-`);
test.after(() => rmSync(folder, { recursive: true, force: true }));

interface Runtime {
  name: "node" | "bun" | "deno";
  bin: string;
  args: string[];
}

const runtimes: readonly Runtime[] = [
  { name: "node", bin: process.execPath, args: ["--import", "tsx"] },
  { name: "bun", bin: `${top}node_modules/.bin/bun`, args: [] },
  { name: "deno", bin: `${top}node_modules/.bin/deno`, args: ["run", "-A", "--no-lock"] },
];

/** Runs a program to its end; one that does not end within 20 s is a failure. */
function run({ name, bin, args }: Runtime, program: string): Promise<string> {
  const file = `${folder}/${name}-${Math.random().toString(36).slice(2)}.ts`;
  writeFileSync(file, `import * as velithon from "../../../runtimes/${name}/index.ts";\n${program}`);
  const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  return new Promise((resolve, reject) => {
    execFile(bin, [...args, file], { cwd: top, env, timeout: 20_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${name}: ${error.killed ? "did not end" : error.message}\n${stderr}`));
      else resolve(stdout.trim());
    });
  });
}

for (const runtime of runtimes) {
  test(`${runtime.name}: a program that enables and does nothing more ends by itself`, async () => {
    const program = `
      velithon.enableMemoryOptimizations();
      const optimizer = velithon.createMemoryOptimizer({ memoryThresholdMb: 1000 }).enable();
      velithon.memoryGovernance({ optimizer });
      optimizer.requests.end(optimizer.requests.start());
      console.log(velithon.getMemoryOptimizer().enabled, optimizer.port.name);`;
    assert.is(await run(runtime, program), `true ${runtime.name}`);
  });

  test(`${runtime.name}: what is deferred waits for nothing else, and runs before the process ends`, async () => {
    const program = `
      velithon.getMemoryOptimizer().port.defer(() => console.log("ran"));`;
    assert.is(await run(runtime, program), "ran");
  });

  test(`${runtime.name}: what is awaited keeps the process until it ran, and nothing else does`, async () => {
    const program = `
      const { port } = velithon.getMemoryOptimizer();
      port.after(3_600_000, () => console.log("never"));
      port.every(3_600_000, () => console.log("never"));
      port.after(50, () => console.log("ran"), true);`;
    assert.is(await run(runtime, program), "ran");
  });

  test(`${runtime.name}: importing it starts nothing and says nothing`, async () => {
    assert.is(await run(runtime, "void velithon;"), "");
  });
}

test("node: a program that forbids flags at run time is told why nothing can be collected", async () => {
  const frozen = { ...runtimes[0]!, args: ["--freeze-flags-after-init", ...runtimes[0]!.args] };
  const program = `
    const result = velithon.getMemoryOptimizer().gcOptimizer.manualCollection();
    console.log(result.performed, result.reason);`;
  const output = await run(frozen, program);
  assert.match(output, /^false .*freeze-flags-after-init/);
});

test("node: under frozen flags the policy that would set one is left out, with the reason", async () => {
  const frozen = { ...runtimes[0]!, args: ["--freeze-flags-after-init", ...runtimes[0]!.args] };
  const program = `
    const optimizer = velithon.createMemoryOptimizer({ governor: { policy: "lean" } }).enable();
    console.log(optimizer.getMemoryStats().governor.reason);
    optimizer.disable();`;
  assert.match(await run(frozen, program), /no setting for lean$/);
});

test("deno without its start flag: no minor collection, with the reason, and no major in its place", async () => {
  const program = `
    const { gcOptimizer } = velithon.getMemoryOptimizer();
    const make = () => {
      const objects = Array.from({ length: 1000 }, (_, i) => ({ i }));
      // Held during one they grow old: only another major one takes them.
      gcOptimizer.manualCollection();
      return objects.map((object) => new WeakRef(object));
    };
    const refs = make();
    await new Promise((resolve) => setTimeout(resolve, 1));
    const results = ([0, 1] as const).map((generation) => gcOptimizer.manualCollection({ generation }));
    const alive = refs.filter((ref) => ref.deref()).length;
    await new Promise((resolve) => setTimeout(resolve, 1));
    const major = gcOptimizer.manualCollection();
    console.log(JSON.stringify({ results, alive, major: major.performed }));`;
  const { results, alive, major } = JSON.parse(await run(runtimes[2]!, program));
  for (const { performed, reason, collectionTimeMs } of results) {
    assert.is(performed, false);
    assert.match(reason, "--expose-gc-as=__vgc");
    assert.is(collectionTimeMs, undefined);
  }
  assert.is(alive, 1000, "nothing was collected");
  assert.is(major, true);
});

test.run();
