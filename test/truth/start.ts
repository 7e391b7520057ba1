/** The program that is observed, on each runtime, in a cgroup where one can be made. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Runtime } from "./row.ts";

/** What was told, and what was seen. */
export type Pair = [number | null, number | null];

const child = fileURLToPath(new URL("./child.ts", import.meta.url));
const top = fileURLToPath(new URL("../..", import.meta.url));
const bin = `${top}node_modules/.bin`;

/** What Deno tells without any permission. */
export function denoUnpermitted(): Record<string, Pair> {
  const { stdout, stderr } = spawnSync(
    `${bin}/deno`,
    ["run", "--no-prompt", "--no-lock", child, "readings"],
    {
      cwd: top,
      encoding: "utf8",
    },
  );
  const line = stdout.match(/RESULT (.*)$/m)?.[1];
  if (!line) throw new Error(stderr);
  return JSON.parse(line);
}

/** Starts the child on a runtime; `flags` are those of its engine. */
export function start(
  runtime: Runtime,
  what: string,
  flags: string[] = [],
  within?: string,
): { result: never; log: string } {
  const commands: Record<Runtime, string[]> = {
    node: [process.execPath, ...flags, "--import", "tsx"],
    bun: [`${bin}/bun`],
    deno: [`${bin}/deno`, "run", "-A", "--no-lock", ...flags.map((flag) => `--v8-flags=${flag}`)],
  };
  const command = [...commands[runtime], child, what];
  const env = {
    ...process.env,
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
    BUN_JSC_logGC: flags.length ? "1" : "0",
  };
  const joined = within
    ? ["sh", "-c", `echo $$ > ${within}/cgroup.procs && exec "$@"`, "sh", ...command]
    : command;
  const { stdout, stderr } = spawnSync(joined[0]!, joined.slice(1), {
    cwd: top,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const line = stdout.match(/RESULT (.*)$/m)?.[1];
  if (!line)
    throw new Error(`${joined.join(" ")} said no result\n${stdout.slice(-500)}\n${stderr.slice(-2000)}`);
  return { result: JSON.parse(line) as never, log: `${stdout}\n${stderr}` };
}

/** A memory cgroup with a limit, or `undefined` where none can be made. */
export function withCgroup<T>(limitBytes: number, use: (folder: string) => T): T | undefined {
  const folder = `/sys/fs/cgroup/${existsSync("/sys/fs/cgroup/memory") ? "memory/" : ""}velithon-truth-${process.pid}`;
  try {
    mkdirSync(folder);
    const name = existsSync(`${folder}/memory.limit_in_bytes`) ? "memory.limit_in_bytes" : "memory.max";
    writeFileSync(`${folder}/${name}`, String(limitBytes));
  } catch {
    return undefined;
  }
  try {
    return use(folder);
  } finally {
    rmdirSync(folder);
  }
}
