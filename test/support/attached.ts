import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import type { RuntimeName } from "../server.ts";
import { spawned } from "./spawned.ts";

export const top: string = fileURLToPath(new URL("../..", import.meta.url));
export const app = (name: string): string => `test/host/attached/${name}.mjs`;

function command(name: RuntimeName, file: string): [string, string[]] {
  const bin = `${top}node_modules/.bin/${name}`;
  switch (name) {
    case "node":
      return [process.execPath, ["--import", "tsx", "--import", "./runtimes/node/register.ts", file]];
    case "bun":
      return [bin, ["--preload", "./runtimes/bun/register.ts", file]];
    case "deno":
      return [bin, ["run", "-A", "--no-lock", "--preload", "./runtimes/deno/register.ts", file]];
  }
}

export interface Attached {
  stdout(): string;
  stderr(): string;
  ended: Promise<number | null>;
  kill(): void;
}

export function start(name: RuntimeName, file: string, variables: Record<string, string> = {}): Attached {
  return launch(...command(name, file), variables);
}

export function launch(bin: string, args: string[], variables: Record<string, string>): Attached {
  const { child, stdout, stderr } = spawned(bin, args, variables);
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return { stdout, stderr, ended, kill: () => void child.kill("SIGKILL") };
}

export async function find(what: RegExp, text: () => string, all: () => string): Promise<string> {
  for (let i = 0; i < 3000; i++) {
    const match = what.exec(text());
    if (match) return match[1]!;
    await wait(20);
  }
  throw new Error(`there is no ${what} in: ${all()}`);
}

interface Requests {
  started: number;
  finished: number;
  inFlight: number;
}

/** That the admin tells these counts, in time: a server hears of an end a little after its client. */
export async function tells(
  admin: string,
  started: number,
  finished: number,
  inFlight: number,
): Promise<void> {
  let seen: Requests | undefined;
  for (let i = 0; i < 500; i++) {
    const response = await fetch(`${admin}/stats`);
    assert.is(response.status, 200);
    seen = ((await response.json()) as { requests: Requests }).requests;
    if (seen.finished === finished && seen.inFlight === inFlight) break;
    await wait(20);
  }
  assert.equal([seen?.started, seen?.finished, seen?.inFlight], [started, finished, inFlight]);
}
