import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const top = fileURLToPath(new URL("../..", import.meta.url));
const open = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of open) child.kill("SIGKILL");
});

export interface Spawned {
  readonly child: ChildProcess;
  /** What it printed so far. */
  stdout(): string;
  stderr(): string;
}

/** A program that ends with this one, without colours, in the top folder. */
export function spawned(
  bin: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Spawned {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...variables };
  const child = spawn(bin, args, { cwd: top, env, stdio: ["ignore", "pipe", "pipe"] });
  open.add(child);
  child.once("close", () => open.delete(child));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  return { child, stdout: () => stdout, stderr: () => stderr };
}
