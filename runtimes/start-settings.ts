/**
 * What only the start of the process can set, as each runtime spells it.
 *
 * @module
 */
import process from "node:process";
import type { StartSetting, StartSettings } from "../src/shared/port.ts";
import { environmentVariable } from "./shared.ts";

/** Flags of the command line and of the variables that carry flags, one each, `--name=value`. */
export function visibleFlags(
  execArgv: readonly string[],
  variables: readonly (string | undefined)[],
): string[] {
  const given = [...execArgv, ...variables.flatMap((text) => text?.split(/[\s,]+/) ?? [])];
  return given
    .filter((flag) => flag.startsWith("--"))
    .map((flag) => flag.replace(/^--v8-flags=/, "").replaceAll("_", "-"));
}

const has = (flags: readonly string[], name: string): boolean =>
  flags.some((flag) => flag.startsWith(`--${name}=`));

/** Of a runtime on V8: `spell` makes a flag of the engine one of the runtime. */
function v8Settings(flags: readonly string[], spell: (flag: string) => StartSetting): StartSettings {
  return {
    youngGeneration: (halfMb) => spell(`--max-semi-space-size=${halfMb}`),
    heapLimit: (mb) => spell(`--max-old-space-size=${mb}`),
    initialOldGeneration: (mb) => spell(`--initial-old-space-size=${mb}`),
    given: {
      youngGeneration: has(flags, "max-semi-space-size"),
      heapLimit: has(flags, "max-old-space-size") || has(flags, "max-heap-size"),
      initialOldGeneration: has(flags, "initial-old-space-size") || has(flags, "initial-heap-size"),
    },
    betterVersion: undefined,
  };
}

/** Node's. Version 20 is known to be worse: docs/advisor.md has the figures. */
export function nodeSettings(): StartSettings {
  const flags = visibleFlags(process.execArgv, [environmentVariable("NODE_OPTIONS")]);
  const settings: StartSettings = {
    ...v8Settings(flags, (flag) => ({
      flag,
      variable: `NODE_OPTIONS=${flag}`,
      verify: `NODE_OPTIONS=${flag} npx velithon doctor`,
    })),
    // Node takes this one on its command line alone.
    initialOldGeneration(mb) {
      const flag = `--initial-old-space-size=${mb}`;
      return { flag, variable: undefined, verify: `node ${flag} node_modules/.bin/velithon doctor` };
    },
  };
  if (Number.parseInt(process.versions.node, 10) >= 22) return settings;
  return {
    ...settings,
    betterVersion: {
      why: "after 240 MB of garbage a full collection left 87 MB resident on Node 20, about 50 MB on Node 22 to 26",
      instead: "run Node 24",
      verify: 'npx -y -p node@24 -c "velithon doctor"',
    },
  };
}

export function denoSettings(): StartSettings {
  const flags = visibleFlags(process.execArgv, [environmentVariable("DENO_V8_FLAGS")]);
  return v8Settings(flags, (flag) => ({
    flag: `--v8-flags=${flag}`,
    variable: `DENO_V8_FLAGS=${flag}`,
    verify: `deno run -A --v8-flags=${flag} npm:velithon doctor`,
  }));
}
