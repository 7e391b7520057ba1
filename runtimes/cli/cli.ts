/**
 * The command line: `npx velithon`, `bunx velithon`, `deno run -A npm:velithon`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { UsageError } from "./arguments.ts";
import { bench } from "./bench.ts";
import { doctor } from "./doctor.ts";
import { printError, printLine } from "./output.ts";
import { run } from "./run.ts";

/** Bad arguments, and what cannot be done with good ones. */
const USAGE = 2;

const HELP = `velithon: memory governance for web servers

  velithon doctor            what this runtime can control and read, and what to change, at most three things
  velithon run app.ts        starts an app with the start flags that doctor advises
  velithon bench app.ts      your app with and without the governor, under load: better, worse, or no difference
  velithon <command> --help  the options of a command
  velithon --version`;

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = { bench, doctor, run };

function version(): string {
  // Beside the built file or beside the source: one of the two has it.
  for (const path of ["../../../package.json", "../../package.json"]) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as { version: string })
        .version;
    } catch {}
  }
  return "unknown";
}

/** Runs one command; its exit code. One clear line where the arguments are wrong. */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      printLine(HELP);
      return name === undefined ? USAGE : 0;
    }
    if (name === "--version" || name === "-v") {
      printLine(version());
      return 0;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) {
      throw new UsageError(`there is no command "${name}"; accepted: ${Object.keys(commands).join(", ")}`);
    }
    return await command(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    printError(`velithon: ${error.message}`);
    return USAGE;
  }
}
