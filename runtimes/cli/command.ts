/**
 * The command that starts an app on the runtime at hand.
 *
 * @module
 */
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { attempt } from "../shared.ts";
import { UsageError } from "./arguments.ts";
import type { Facts, RuntimeName } from "./facts.ts";
import type { Action } from "./rules/rule.ts";

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

/** `velithon/register` of this package, as built or as written; out of Deno's own cache by the package's name. */
function registerOf(runtime: RuntimeName, here: string = import.meta.url): string {
  const ending = here.endsWith(".ts") ? "ts" : "js";
  const cached = runtime === "deno" && /^file:.*\/npm\/[^/]+\/velithon\/([^/]+)\/dist\//.exec(here);
  // A file of the cache cannot be preloaded: it would not find the packages that it needs.
  if (cached && !here.includes("/node_modules/")) return `npm:velithon@${cached[1]}/register`;
  return new URL(`../${runtime}/register.${ending}`, here).href;
}

/** How each runtime loads a module before the app. Bun takes paths alone. */
const PRELOAD: Record<RuntimeName, (url: string) => string[]> = {
  node: (url) => ["--import", url],
  bun: (url) => ["--preload", fileURLToPath(url)],
  deno: (url) => ["--preload", url],
};

/** An app to start. */
export interface Start {
  readonly file: string;
  readonly args: readonly string[];
  /** Flags of the runtime, behind those that are advised. */
  readonly flags: readonly string[];
  /** With `velithon/register`. */
  readonly attach: boolean;
}

/** The command that starts an app. @throws `UsageError` */
export function commandFor(
  facts: Pick<Facts, "runtime" | "version">,
  program: string,
  actions: readonly Action[],
  { file, args, flags, attach }: Start,
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
  const { runtime } = facts;
  const attached = attach ? PRELOAD[runtime](registerOf(runtime)) : [];
  return { program, args: [...own[runtime](), ...attached, ...flags, file, ...args], variables };
}

/** Deno takes all flags of V8 in one. */
function joinV8Flags(flags: readonly string[]): string[] {
  const prefix = "--v8-flags=";
  const joined = flags.filter((flag) => flag.startsWith(prefix)).map((flag) => flag.slice(prefix.length));
  const others = flags.filter((flag) => !flag.startsWith(prefix));
  return joined.length > 0 ? [...others, prefix + joined.join(",")] : others;
}

/** As one would type it. */
export const shown = ({ program, args, variables }: Command): string =>
  [...Object.entries(variables).map(([name, value]) => `${name}=${value}`), program, ...args].join(" ");

/** Flags for the runtime, as they were given. @throws `UsageError` */
export function flagsAmong(command: string, given: unknown): string[] {
  const flags = (given as string[] | undefined) ?? [];
  const wrong = flags.find((flag) => !flag.startsWith("-"));
  if (wrong === undefined) return flags;
  throw new UsageError(`${command}: --flag is "${wrong}"; accepted: a flag of the runtime, --flag=--x`);
}

/** The app among the arguments of a command, and what is behind it. @throws `UsageError` */
export function appAmong(command: string, [file, ...args]: readonly string[]): [string, string[]] {
  if (file === undefined) throw new UsageError(`${command}: which app? velithon ${command} app.ts`);
  if (!attempt(() => statSync(file))?.isFile()) throw new UsageError(`${command}: there is no file ${file}`);
  return [file, args];
}
