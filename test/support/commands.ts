import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const top: string = fileURLToPath(new URL("../..", import.meta.url));
const cli = `${top}dist/runtimes/cli/main.js`;
/** Where the commands run; it goes with this process. */
export const folder: string = mkdtempSync(join(tmpdir(), "velithon-cli-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

export type Words = readonly string[];
/** The built command line on each runtime. */
export const runtimes: Record<string, (flags?: Words) => string[]> = {
  node: (flags = []) => [process.execPath, ...flags, cli],
  bun: (flags = []) => [`${top}node_modules/.bin/bun`, ...flags, cli],
  deno: (flags = []) => [`${top}node_modules/.bin/deno`, "run", "-A", ...flags, cli],
};

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export function start(
  words: Words,
  variables: Record<string, string> = {},
  { cwd = folder, limitMs = 30_000 }: { cwd?: string; limitMs?: number } = {},
): { child: ChildProcess; end: Promise<Ended> } {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...variables };
  for (const name of ["FORCE_COLOR", "NODE_OPTIONS"]) if (!(name in variables)) delete env[name];
  const child = spawn(words[0]!, words.slice(1), { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (text) => {
      output[name] += text;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const end = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...output });
    });
  });
  return { child, end };
}

export const run = (words: Words, variables?: Record<string, string>): Promise<Ended> =>
  start(words, variables).end;

/** An app in that folder. */
export function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}
