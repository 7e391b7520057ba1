import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { attempt } from "../shared.ts";
import { oneOf, readArguments, UsageError } from "./arguments.ts";
import { type Facts, findFacts, loadPort, RUNTIMES, type RuntimeName } from "./facts.ts";
import { printError, printJson, printLine } from "./output.ts";
import { actionsFor } from "./rules/all.ts";
import type { Action } from "./rules/rule.ts";

const HELP = `velithon run [options] app.ts [arguments of the app]: starts an app with the start flags that doctor advises

  --flag=--x   one more flag for the runtime; may be repeated
  --dry-run    prints the command, starts nothing
  --json       with --dry-run: the command for machines

The runtime is the one that runs this. On Deno the app gets --allow-net and --allow-env; add others by --flag.
Its exit code is that of the app; 2 for wrong arguments.`;

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/** How Node is told to take TypeScript: from 22.18 on by itself, before that by tsx where the app has it. */
function loaderFor(file: string, version: string): string[] {
  const [major, minor] = version.split(".").map(Number) as [number, number];
  if (!/\.[cm]?tsx?$/.test(file) || major > 22 || (major === 22 && minor >= 18)) return [];
  const tsx = attempt(() => createRequire(resolve(file)).resolve("tsx"));
  if (tsx === undefined) {
    throw new UsageError(`run: Node ${version} takes no TypeScript; npm install -D tsx, or use Node 24`);
  }
  return ["--import", pathToFileURL(tsx).href];
}

/** The command that starts `file`. @throws `UsageError` */
export function commandFor(
  facts: Pick<Facts, "runtime" | "version">,
  program: string,
  actions: readonly Action[],
  file: string,
  appArgs: readonly string[],
  more: readonly string[],
): Command {
  const advised = actions.flatMap(({ flag }) => flag ?? []);
  const variables = Object.fromEntries(
    actions.flatMap(({ variable }) => (variable ? [[variable.name, variable.value]] : [])),
  );
  const own: Record<RuntimeName, () => string[]> = {
    node: () => [...loaderFor(file, facts.version), ...advised],
    bun: () => ["run", ...advised],
    deno: () => ["run", "--no-prompt", "--allow-net", "--allow-env", ...joinV8Flags(advised)],
  };
  return { program, args: [...own[facts.runtime](), ...more, file, ...appArgs], variables };
}

/** Deno takes all flags of V8 in one. */
function joinV8Flags(flags: readonly string[]): string[] {
  const prefix = "--v8-flags=";
  const joined = flags.filter((flag) => flag.startsWith(prefix)).map((flag) => flag.slice(prefix.length));
  const others = flags.filter((flag) => !flag.startsWith(prefix));
  return joined.length > 0 ? [...others, prefix + joined.join(",")] : others;
}

const shown = ({ program, args, variables }: Command): string =>
  [...Object.entries(variables).map(([name, value]) => `${name}=${value}`), program, ...args].join(" ");

/** Runs until the app ends; signals go on to it. */
function start({ program, args, variables }: Command): Promise<number> {
  return new Promise((done) => {
    const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...variables } });
    // Deno reports a child that took `child.kill` as ended by the signal, whatever it answered.
    const forward = (signal: NodeJS.Signals) => void attempt(() => process.kill(child.pid!, signal));
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, forward);
    child.on("error", (error) => {
      printError(`velithon: ${program} cannot be started: ${error.message}`);
      done(2);
    });
    child.on("exit", (code, signal) => done(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

/** `velithon run`. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(
    "run",
    args,
    { flag: { type: "string", multiple: true }, "dry-run": { type: "boolean" } },
    { passOn: true },
  );
  if (values.help) {
    printLine(HELP);
    return 0;
  }
  const [file, ...appArgs] = positionals;
  if (file === undefined) throw new UsageError("run: which app? velithon run app.ts");
  if (!existsSync(file)) throw new UsageError(`run: there is no file ${file}`);
  if (values.json && !values["dry-run"])
    throw new UsageError("run: --json goes with --dry-run: an app's output is its own");
  const facts = await findFacts(await loadPort());
  oneOf("run", "runtime", facts.runtime, RUNTIMES);
  const actions = actionsFor(facts);
  const command = commandFor(
    facts,
    process.execPath,
    actions,
    file,
    appArgs,
    (values.flag as string[]) ?? [],
  );
  if (values["dry-run"]) {
    if (values.json) printJson({ ...command, actions });
    else printLine(shown(command));
    return 0;
  }
  printError(`velithon: ${shown(command)}`);
  return await start(command);
}
