import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Spawned, spawned } from "./support/spawned.ts";

export type RuntimeName = "node" | "bun" | "deno";
export const runtimeNames: readonly RuntimeName[] = ["node", "bun", "deno"];

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 30_000;
const top = fileURLToPath(new URL("..", import.meta.url));

/** The command that the package's own start script runs, with its flags, on another file where one is named. */
function startCommand(name: RuntimeName, file?: string): [string, string[]] {
  const { scripts } = JSON.parse(readFileSync(`${top}package.json`, "utf8")) as {
    scripts: Record<string, string>;
  };
  const script = scripts[name === "node" ? "start" : `start:${name}`];
  const [command, ...args] = script?.split(/\s+/) ?? [];
  if (command !== name) throw new Error(`the start script of ${name} is ${script}`);
  if (file !== undefined) args.splice(-1, 1, ...(name === "node" ? ["--import", "tsx", file] : [file]));
  return [name === "node" ? process.execPath : `${top}node_modules/.bin/${name}`, args];
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunningServer {
  origin: string;
  port: number;
  version: string;
  /** All that it printed so far, both streams. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Waits for the end; kills what does not end. */
  end(): Promise<Ended>;
}

interface Launched extends Spawned {
  ended: Promise<Ended>;
}

function launch(name: RuntimeName, variables: Record<string, string>, file?: string): Launched {
  const { child, stdout, stderr } = spawned(...startCommand(name, file), variables);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code, signal, stdout: stdout(), stderr: stderr() });
    });
  });
  return { child, stdout, stderr, ended };
}

async function within<T>(promise: Promise<T>, limitMs: number, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`after ${limitMs} ms: ${what()}`)), limitMs);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Starts a server that must refuse to run, and answers how it ended. */
export async function runToEnd(name: RuntimeName, variables: Record<string, string>): Promise<Ended> {
  const { child, stdout, stderr, ended } = launch(name, variables);
  return await within(ended, START_LIMIT_MS, () => `still running: ${stdout()}${stderr()}`).finally(() =>
    child.kill("SIGKILL"),
  );
}

/** Starts a server on a free port, the shared app's or that of a file, and answers when it says that it listens. */
export async function startServer(
  name: RuntimeName,
  variables: Record<string, string> = {},
  file?: string,
): Promise<RunningServer> {
  const { child, stdout, stderr, ended } = launch(name, { PORT: "0", ...variables }, file);
  const output = (): string => stdout() + stderr();
  const line = /^velithon on (\w+) (\S+) listening on (http:\/\/[\d.]+:(\d+))$/m;
  const listening = new Promise<RegExpExecArray>((resolve) => {
    child.stdout?.on("data", () => {
      const match = line.exec(stdout());
      if (match) resolve(match);
    });
  });
  const early = ended.then(({ code }): never => {
    throw new Error(`${name} ended with exit code ${code}: ${output()}`);
  });
  early.catch(() => {});
  const started = within(
    Promise.race([listening, early]),
    START_LIMIT_MS,
    () => `${name} not up: ${output()}`,
  );
  const match = await started.catch((error) => {
    child.kill("SIGKILL");
    throw error;
  });
  if (match[1] !== name) throw new Error(`started ${name}, the server says it runs on ${match[1]}`);
  return {
    origin: match[3]!,
    port: Number(match[4]),
    version: match[2]!,
    output,
    kill: (signal) => child.kill(signal),
    end: () =>
      within(ended, STOP_LIMIT_MS, () => `${name} has not ended: ${output()}`).finally(() =>
        child.kill("SIGKILL"),
      ),
  };
}
