import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { attempt } from "../shared.ts";
import { oneOf, readArguments, UsageError } from "./arguments.ts";
import { appAmong, type Command, commandFor, flagsAmong, shown } from "./command.ts";
import { factsWith, findFacts, loadPort, RUNTIMES } from "./facts.ts";
import { printError, printJson, printLine } from "./output.ts";
import { actionsFor } from "./rules/all.ts";

const HELP = `velithon run [options] app.ts [arguments of the app]: starts an app with the start flags that doctor advises

  --attach     with velithon/register: monitoring and the dashboard, without a change to the app
  --flag=--x   one more flag for the runtime; may be repeated
  --dry-run    prints the command, starts nothing
  --json       with --dry-run: the command for machines

The runtime is the one that runs this. On Deno the app gets --allow-net and --allow-env; add others by --flag.
Its exit code is that of the app; 2 for wrong arguments.`;

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
    {
      attach: { type: "boolean" },
      flag: { type: "string", multiple: true },
      "dry-run": { type: "boolean" },
    },
    { passOn: true },
  );
  if (values.help) {
    printLine(HELP);
    return 0;
  }
  const [file, appArgs] = appAmong("run", positionals);
  if (values.json && !values["dry-run"])
    throw new UsageError(
      "run: --json is only accepted with --dry-run, since otherwise the output is the app's",
    );
  const flags = flagsAmong("run", values.flag);
  const facts = factsWith(await findFacts(await loadPort()), flags);
  oneOf("run", "runtime", facts.runtime, RUNTIMES);
  const actions = actionsFor(facts);
  const command = commandFor(facts, process.execPath, actions, {
    file,
    args: appArgs,
    flags,
    attach: values.attach === true,
  });
  if (values["dry-run"]) {
    if (values.json) printJson({ ...command, actions });
    else printLine(shown(command));
    return 0;
  }
  printError(`velithon: ${shown(command)}`);
  return await start(command);
}
