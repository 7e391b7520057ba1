import { readArguments } from "./arguments.ts";
import { type Facts, findFacts, loadPort } from "./facts.ts";
import { printJson, printLine, showBytes } from "./output.ts";
import { actionsFor } from "./rules/all.ts";
import type { Action } from "./rules/rule.ts";

const HELP = `velithon doctor: what this runtime can control and read, and at most three things to change

  --json     everything, for machines
  --strict   exit code 1 for any action, not for a danger alone

Looks at the runtime that runs it: npx velithon doctor, bunx --bun velithon doctor, deno run -A npm:velithon doctor.
Run it where the server runs: the same container, the same NODE_OPTIONS.
Exit code: 0 nothing dangerous, 1 a danger, 2 wrong arguments.`;

const ms = (value: number | undefined): string => (value === undefined ? "" : `${value.toFixed(1)} ms here`);

function rows(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`.trimEnd());
}

function memoryRows(facts: Facts): string[] {
  const { allocator, limitBytes, limitSource, youngHalfBytes, youngSource } = facts;
  const young =
    youngHalfBytes === undefined ? "unknown" : `${showBytes(youngHalfBytes)} a half (${youngSource})`;
  const arenas = allocator?.name === "glibc" ? `, MALLOC_ARENA_MAX ${allocator.arenaMax ?? "not set"}` : "";
  return rows([
    ["machine", showBytes(facts.machineBytes)],
    ["limit", limitBytes === undefined ? "none found" : `${showBytes(limitBytes)} (${limitSource})`],
    ["in use", showBytes(facts.usedBytes)],
    [
      "heap limit",
      facts.runtime === "bun" ? "none: the engine has no limit of its own" : showBytes(facts.heapLimitBytes),
    ],
    ["young generation", facts.runtime === "bun" ? "sized by the engine" : young],
    ["allocator", allocator === undefined ? "unknown" : `${allocator.name}${arenas}`],
    ["start flags", facts.flags.join(" ") || "none found"],
  ]);
}

function capabilityRows({ capabilities, minorMs, majorMs }: Facts): string[] {
  const measured: Record<string, string> = { minorCollection: ms(minorMs), majorCollection: ms(majorMs) };
  return rows(
    Object.entries(capabilities).map(([name, { available, reason }]) => [
      `${available ? "yes" : "no "}  ${name}`,
      available ? (measured[name] ?? "") : reason,
    ]),
  );
}

function actionLines(action: Action, index: number): string[] {
  const { severity, what, evidence, flag, variable, instead, verify } = action;
  const set = flag ?? (variable === undefined ? instead : `${variable.name}=${variable.value}`);
  return [
    `  ${index + 1}. ${severity === "danger" ? "danger: " : ""}${what}`,
    `     evidence  ${evidence}`,
    `     ${flag === undefined && variable === undefined ? "do     " : "set    "}   ${set}`,
    `     verify    ${verify}`,
  ];
}

/** The report as text. */
export function reportOf(facts: Facts, actions: readonly Action[]): string {
  const cpus = `${facts.cpus ?? "unknown number of"} CPU${facts.cpus === 1 ? "" : "s"}`;
  return [
    `velithon doctor: ${facts.runtime} ${facts.version}, ${facts.platform}, ${cpus}`,
    "",
    "memory",
    ...memoryRows(facts),
    "",
    "control and readings",
    ...capabilityRows(facts),
    "",
    actions.length === 0 ? "nothing to change" : "to change",
    ...actions.flatMap(actionLines),
  ].join("\n");
}

/** `velithon doctor`. */
export async function doctor(args: string[]): Promise<number> {
  const { values } = readArguments("doctor", args, { strict: { type: "boolean" } });
  if (values.help) {
    printLine(HELP);
    return 0;
  }
  const facts = await findFacts(await loadPort());
  const actions = actionsFor(facts);
  const { settings: _, ...told } = facts;
  if (values.json) printJson({ ...told, actions });
  else printLine(reportOf(facts, actions));
  const wanted = values.strict ? actions : actions.filter(({ severity }) => severity === "danger");
  return wanted.length > 0 ? 1 : 0;
}
