import type { RuntimeName } from "../facts.ts";

/** How `doctor` is called on a runtime, with a flag of the engine. */
export function doctorWith(runtime: RuntimeName, flag = ""): string {
  if (runtime === "bun") return "bunx --bun velithon doctor";
  if (runtime === "deno") return `deno run -A ${flag ? `${flag} ` : ""}npm:velithon doctor`;
  return `${flag ? `NODE_OPTIONS=${flag} ` : ""}npx velithon doctor`;
}

/** A flag of V8 as this runtime takes it. */
export function v8Flag(runtime: RuntimeName, flag: string): string {
  return runtime === "deno" ? `--v8-flags=${flag}` : flag;
}
