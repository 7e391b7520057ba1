import process from "node:process";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { type Runtime, runtimes } from "./runtimes.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Parsed<O extends Options, P extends boolean> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: P }>
>;

/** One line, and an exit code that is not zero. */
export function stop(name: string, message: string): never {
  console.error(`${name}: ${message}`);
  process.exit(1);
}

/** What was typed behind the benchmark's name; an option that it has not ends it. */
export function readArguments<const O extends Options, const P extends boolean = false>(
  name: string,
  options: O,
  allowPositionals?: P,
): Parsed<O, P> {
  try {
    return parseArgs({ options, allowPositionals: allowPositionals ?? false }) as Parsed<O, P>;
  } catch (error) {
    const [first] = (error as Error).message.split(/\.\s|\n/);
    const accepted = Object.keys(options).map((option) => `--${option}`);
    return stop(name, `${first}; accepted: ${accepted.join(", ")}`);
  }
}

/** Those of `--runtime a,b`. */
export function runtimesIn(name: string, text: string | undefined): readonly Runtime[] {
  if (text === undefined) return runtimes;
  const given = text.split(",") as Runtime[];
  const other = given.find((each) => !runtimes.includes(each));
  if (other !== undefined) stop(name, `there is no runtime "${other}"; accepted: ${runtimes.join(", ")}`);
  return given;
}
