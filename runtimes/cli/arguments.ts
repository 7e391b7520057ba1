import { type ParseArgsConfig, parseArgs } from "node:util";

/** What the user typed cannot be done; the message is one line. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values = Record<string, string | boolean | string[] | undefined>;

export interface Parsed {
  readonly values: Values;
  readonly positionals: string[];
}

/**
 * The arguments of one command. What stands behind the first positional belongs to it where `passOn` is set.
 *
 * @throws `UsageError` for an unknown option, a missing value, or a positional too many
 */
export function readArguments(
  command: string,
  args: string[],
  options: Options,
  { positionals: most = 0, passOn = false }: { positionals?: number; passOn?: boolean } = {},
): Parsed {
  const all: Options = { ...options, json: { type: "boolean" }, help: { type: "boolean", short: "h" } };
  const own = passOn ? args.slice(0, endOfOwn(args, all)) : args;
  const rest = args.slice(own.length);
  try {
    const { values, positionals } = parseArgs({ args: own, options: all, allowPositionals: true });
    if (positionals.length > most && !passOn) {
      throw new UsageError(`${command}: "${positionals[most]}" is one argument too many`);
    }
    return { values: values as Values, positionals: [...positionals, ...rest] };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const [first] = (error as Error).message.split(/\.\s|\n/);
    throw new UsageError(
      `${command}: ${first}; accepted: ${Object.keys(all)
        .map((name) => `--${name}`)
        .join(", ")}`,
    );
  }
}

/** Up to and with the first positional. */
function endOfOwn(args: string[], options: Options): number {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!arg.startsWith("-")) return i + 1;
    const name = arg.replace(/^--/, "");
    if (!name.includes("=") && options[name]?.type === "string") i++;
  }
  return args.length;
}

/** @throws `UsageError` unless the value is one of these, or not given */
export function oneOf<const T extends string>(
  command: string,
  option: string,
  value: unknown,
  accepted: readonly T[],
): T | undefined {
  if (value === undefined || accepted.includes(value as T)) return value as T | undefined;
  throw new UsageError(`${command}: --${option} is "${value}"; accepted: ${accepted.join(", ")}`);
}
