import { test } from "uvu";
import * as assert from "uvu/assert";
import { allocatorIn, type Facts, factsWith, flagMb } from "../../runtimes/cli/facts.ts";
import { heapLimit, runtimeVersion } from "../../runtimes/cli/rules/advised.ts";
import { actionsFor } from "../../runtimes/cli/rules/all.ts";
import { allocator } from "../../runtimes/cli/rules/allocator.ts";
import { permissions } from "../../runtimes/cli/rules/permissions.ts";
import { startFlag } from "../../runtimes/cli/rules/start-flag.ts";
import { webAssembly } from "../../runtimes/cli/rules/web-assembly.ts";
import { youngGeneration } from "../../runtimes/cli/rules/young-generation.ts";
import { visibleFlags } from "../../runtimes/start-settings.ts";
import type { Capabilities, StartSettings } from "../../src/shared/port.ts";
import { FakePort } from "../support/port.ts";

const MB = 1024 * 1024;

const setting = (flag: string) => ({
  flag,
  variable: `NODE_OPTIONS=${flag}`,
  verify: `NODE_OPTIONS=${flag} npx velithon doctor`,
});
const settings: StartSettings = {
  youngGeneration: (mb) => setting(`--max-semi-space-size=${mb}`),
  heapLimit: (mb) => setting(`--max-old-space-size=${mb}`),
  initialOldGeneration: (mb) => setting(`--initial-old-space-size=${mb}`),
  given: { youngGeneration: false, heapLimit: false, initialOldGeneration: false },
  betterVersion: undefined,
};

const healthy: Facts = {
  runtime: "node",
  version: "24.21.0",
  platform: "linux x64",
  cpus: 2,
  machineBytes: 24_000 * MB,
  limitBytes: 1000 * MB,
  limitSource: "cgroup",
  usedBytes: 80 * MB,
  heapLimitBytes: 750 * MB,
  youngHalfBytes: 64 * MB,
  youngSource: "default",
  hasWebAssembly: true,
  flags: [],
  settings,
  allocator: { name: "glibc", arenaMax: undefined },
  capabilities: new FakePort().capabilities,
  minorMs: 0.3,
  majorMs: 5,
};
const facts = (changes: Partial<Facts>): Facts => ({ ...healthy, ...changes });
const lacking = (...lacks: (keyof Capabilities)[]): Capabilities => new FakePort({ lacks }).capabilities;

test("a process that fits its machine gets no advice", () => {
  assert.equal(actionsFor(healthy), []);
  assert.equal(
    actionsFor(facts({ limitBytes: undefined, limitSource: undefined, heapLimitBytes: 4144 * MB })),
    [],
  );
});

test("heap limit: the advisor's rule, before any traffic: a danger above 95 % of the container", () => {
  assert.is(heapLimit(facts({ heapLimitBytes: 950 * MB })), undefined);
  const action = heapLimit(facts({ heapLimitBytes: 951 * MB }));
  assert.is(action?.severity, "danger");
  assert.is(action?.flag, "--max-old-space-size=700");
  assert.is(action?.verify, "NODE_OPTIONS=--max-old-space-size=700 npx velithon doctor");
  assert.match(action!.evidence, "951 MB");
  assert.is(heapLimit(facts({ heapLimitBytes: 100 * MB })), undefined, "waste shows under traffic alone");
  assert.is(heapLimit(facts({ heapLimitBytes: undefined })), undefined);
  assert.is(
    heapLimit(facts({ heapLimitBytes: 951 * MB, settings: undefined })),
    undefined,
    "Bun has no bound",
  );
});

test("young generation: Node with a default of 16 MB and room for 64", () => {
  const small = { youngHalfBytes: 16 * MB, version: "22.23.3", heapLimitBytes: 1024 * MB };
  assert.is(youngGeneration(facts(small))?.flag, "--max-semi-space-size=64");
  assert.is(youngGeneration(facts({ ...small, youngHalfBytes: 17 * MB })), undefined);
  assert.is(
    youngGeneration(facts({ ...small, heapLimitBytes: 1023 * MB })),
    undefined,
    "it would collect without end",
  );
  assert.ok(youngGeneration(facts({ ...small, heapLimitBytes: undefined })));
  assert.is(youngGeneration(facts({ ...small, youngSource: "flag" })), undefined, "somebody chose it");
  assert.ok(youngGeneration(facts({ ...small, limitBytes: 512 * MB })));
  assert.is(youngGeneration(facts({ ...small, limitBytes: 511 * MB })), undefined);
  assert.is(youngGeneration(facts({ ...small, limitBytes: undefined, machineBytes: 500 * MB })), undefined);
  assert.is(youngGeneration(facts({ ...small, runtime: "deno" })), undefined);
  assert.is(youngGeneration(facts({ ...small, youngHalfBytes: undefined })), undefined);
});

test("flags for the app count as if they were given to this process", () => {
  const small = facts({ youngHalfBytes: 16 * MB, heapLimitBytes: 4144 * MB });
  assert.ok(youngGeneration(factsWith(small, ["--inspect"])));
  assert.is(youngGeneration(factsWith(small, ["--max-old-space-size=256"])), undefined);
  assert.is(youngGeneration(factsWith(small, ["--max-semi-space-size=32"])), undefined, "somebody chose it");
  assert.ok(heapLimit(small));
  assert.is(heapLimit(factsWith(small, ["--v8-flags=--stack-size=900,--max-old-space-size=700"])), undefined);
});

test("WebAssembly: a process without it is in danger of nothing else first", () => {
  assert.is(webAssembly(healthy), undefined);
  const without = facts({ hasWebAssembly: false, heapLimitBytes: 990 * MB });
  assert.is(webAssembly(without)?.severity, "danger");
  assert.is(actionsFor(without)[0]?.rule, "web-assembly");
});

test("start flag: Deno without minor collections, Node with frozen flags", () => {
  assert.is(startFlag(healthy), undefined);
  assert.is(startFlag(facts({ runtime: "deno" })), undefined);
  const deno = startFlag(facts({ runtime: "deno", capabilities: lacking("minorCollection") }));
  assert.is(deno?.flag, "--v8-flags=--expose-gc-as=__vgc");
  assert.is(startFlag(facts({ capabilities: lacking("majorCollection") }))?.severity, "danger");
  assert.is(startFlag(facts({ runtime: "bun", capabilities: lacking("minorCollection") })), undefined);
});

test("runtime version: the advisor's word on this version", () => {
  assert.is(runtimeVersion(healthy), undefined);
  const better = { why: "figures of both", instead: "run Node 24", verify: "npx -y node@24 --version" };
  const action = runtimeVersion(facts({ settings: { ...settings, betterVersion: better } }));
  assert.is(action?.instead, "run Node 24");
  assert.is(action?.severity, "gain");
});

test("allocator: glibc without a bound, 8 CPUs, in a container", () => {
  const many = facts({ cpus: 8 });
  assert.equal(allocator(many)?.variable, { name: "MALLOC_ARENA_MAX", value: "2" });
  assert.is(allocator(facts({ cpus: 7 })), undefined);
  assert.is(allocator({ ...many, limitBytes: undefined }), undefined);
  assert.is(allocator({ ...many, allocator: { name: "glibc", arenaMax: 4 } }), undefined);
  assert.is(allocator({ ...many, allocator: { name: "jemalloc", arenaMax: undefined } }), undefined);
  assert.is(allocator({ ...many, allocator: undefined }), undefined);
});

test("permissions: Deno that may not read its limit", () => {
  const hidden = { runtime: "deno", limitBytes: undefined, capabilities: lacking("memoryLimit") } as const;
  assert.is(permissions(facts(hidden))?.flag, "--allow-sys=systemMemoryInfo");
  assert.is(permissions(facts({ ...hidden, limitBytes: 5 * MB })), undefined);
  assert.is(permissions(facts({ ...hidden, runtime: "node" })), undefined);
});

test("at most three, a danger first, each with evidence, a way to do it and a command that verifies", () => {
  const actions = actionsFor(
    facts({
      version: "20.20.2",
      cpus: 16,
      youngHalfBytes: 16 * MB,
      heapLimitBytes: 5000 * MB,
      capabilities: lacking("majorCollection"),
    }),
  );
  assert.equal(
    actions.map(({ rule }) => rule),
    ["heap-limit", "start-flag", "young-generation"],
  );
  for (const { evidence, flag, variable, instead, verify } of actions) {
    assert.ok(evidence.length > 10 && verify.length > 10);
    assert.is([flag, variable, instead].filter((way) => way !== undefined).length, 1);
  }
});

test("start flags are found wherever they are written", () => {
  const flags = visibleFlags(
    ["--import", "x", "--max_old_space_size=10"],
    ["--max-semi-space-size=8 --x", undefined],
  );
  assert.equal(flags, ["--import", "--max-old-space-size=10", "--max-semi-space-size=8", "--x"]);
  assert.equal(visibleFlags([], ["--v8-flags=--a,--b=1"]), ["--a", "--b=1"]);
  assert.is(flagMb(["--old=1", "--old=2", "--older=3"], "old"), 2);
  assert.is(flagMb(["--old"], "old"), undefined);
  assert.is(flagMb(["--old=x"], "old"), undefined);
});

test("the allocator is told from the libraries that are mapped", () => {
  const line = (path: string) => `7f00-7f01 r-xp 00000000 fe:00 1234   ${path}\n`;
  const glibc = line("/usr/lib/x86_64-linux-gnu/libc.so.6");
  assert.equal(allocatorIn(glibc, undefined), { name: "glibc", arenaMax: undefined });
  assert.equal(allocatorIn(glibc, "2"), { name: "glibc", arenaMax: 2 });
  assert.equal(allocatorIn(glibc, "many"), { name: "glibc", arenaMax: undefined });
  assert.is(allocatorIn(glibc + line("/usr/lib/libjemalloc.so.2"), undefined)?.name, "jemalloc");
  assert.is(allocatorIn(line("/lib/ld-musl-x86_64.so.1"), undefined)?.name, "musl");
  assert.is(allocatorIn(line("/home/jemalloc/app/node"), undefined), undefined);
});

test.run();
