/** What each runtime can do, asked of the runtimes themselves; on Deno, what each permission adds. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Capabilities, Capability } from "../../src/shared/port.ts";
import type { Runtime } from "./row.ts";

const top = fileURLToPath(new URL("../..", import.meta.url));
const child = fileURLToPath(new URL("./child.ts", import.meta.url));

/** From the least to the most. The first is what Deno has without any. */
const DENO_FLAGS = [
  "",
  "--allow-env",
  "--allow-read",
  "--allow-sys",
  "--allow-all",
  "--v8-flags=--expose-gc-as=__vgc",
];

function ask(command: string, args: readonly string[]): Capabilities {
  const { stdout, stderr } = spawnSync(command, [...args, child, "capabilities"], {
    cwd: top,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  });
  const line = stdout?.match(/RESULT (.*)$/m)?.[1];
  if (!line) throw new Error(`${command} ${args.join(" ")} told nothing\n${stderr}`);
  return JSON.parse(line) as Capabilities;
}

const cell = ({ available, reason }: Capability): string => (available ? "yes" : `no: ${reason}`);

type Name = keyof Capabilities;

/** By capability: what to say of each runtime. */
export type Answers = Record<Runtime, Record<Name, string>>;

export function askAll(): Answers {
  const bin = `${top}node_modules/.bin`;
  const told = (answers: Capabilities) =>
    Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, cell(answer)])) as Record<
      Name,
      string
    >;
  const deno = DENO_FLAGS.map((flag) => ({
    flag,
    answers: ask(`${bin}/deno`, ["run", "--no-prompt", "--no-lock", ...(flag ? [flag] : [])]),
  }));
  const [without] = deno;
  return {
    node: told(ask(process.execPath, ["--import", "tsx"])),
    bun: told(ask(`${bin}/bun`, [])),
    deno: Object.fromEntries(
      (Object.keys(without!.answers) as Name[]).map((name) => {
        const first = deno.find(({ answers }) => answers[name].available);
        return [name, first?.flag ? `with \`${first.flag}\`` : cell(without!.answers[name])];
      }),
    ) as Record<Name, string>,
  };
}

/** The first sentence of each capability's own documentation. */
function meanings(): Map<string, string> {
  const source = readFileSync(new URL("../../src/shared/capabilities.ts", import.meta.url), "utf8");
  const body = /export interface Capabilities \{(.*?)^\}/ms.exec(source)![1]!;
  return new Map(
    [...body.matchAll(/\/\*\* (.*?)\.? \*\/\s+readonly (\w+): Capability;/g)].map(([, text, name]) => [
      name!,
      text!,
    ]),
  );
}

/** The table for the docs. */
export function capabilityTable(answers: Answers): string {
  const meaning = meanings();
  const lines = (Object.keys(answers.node) as Name[]).map(
    (name) =>
      `| \`${name}\` | ${meaning.get(name)} | ${answers.node[name]} | ${answers.bun[name]} | ${answers.deno[name]} |`,
  );
  return ["| capability | what it is | Node | Bun | Deno |", "| - | - | - | - | - |", ...lines].join("\n");
}
