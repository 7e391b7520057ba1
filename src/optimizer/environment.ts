import * as v from "valibot";
import { MAX_CAPACITY } from "../core/table.ts";
import { having, integer, number, optional, options, parseOptions } from "../shared/options.ts";

/** The values of the environment variables. An option in code overrides each. */
export interface EnvironmentSettings {
  /** `VELITHON_MEMORY_OPTIMIZATION`: true or false. */
  readonly enabled: boolean | undefined;
  /** `VELITHON_MEMORY_THRESHOLD`, in MB. No default: any fixed one lies below some server's base. */
  readonly memoryThresholdMb: number | undefined;
  /** `VELITHON_GC_GEN0_INTERVAL`, in requests; 0: none. */
  readonly generation0Interval: number | undefined;
  /** `VELITHON_GC_GEN2_INTERVAL`, in requests; 0: none. */
  readonly generation2Interval: number | undefined;
  /** `VELITHON_POOL_MAX_SIZE`, in objects. */
  readonly poolMaxSize: number | undefined;
  /** `VELITHON_CACHE_MAX_SIZE`, in entries. */
  readonly cacheMaxSize: number | undefined;
}

const FLAG = "true, false, 1, 0, yes, no, on or off";

const flag = v.pipe(
  v.string(FLAG),
  v.regex(/^(true|false|1|0|yes|no|on|off)$/i, FLAG),
  v.transform((text) => /^(true|1|yes|on)$/i.test(text)),
);

/** A number written in decimal. What is none stays text until the message has shown it as it was set. */
function numeric(schema: v.GenericSchema<unknown, number>): v.GenericSchema<unknown, number> {
  const accepted = v.safeParse(schema, undefined).issues?.[0].message ?? "a number";
  const fits = (text: unknown): boolean => /^\d+(\.\d+)?$/.test(String(text)) && v.is(schema, Number(text));
  return v.pipe(having<string>(accepted, fits), v.transform(Number)) as unknown as v.GenericSchema<
    unknown,
    number
  >;
}

const count = numeric(integer(0, 1_000_000_000));

const schema = options({
  VELITHON_MEMORY_OPTIMIZATION: optional(flag),
  VELITHON_MEMORY_THRESHOLD: optional(numeric(number(1, 16_777_216))),
  VELITHON_GC_GEN0_INTERVAL: optional(count),
  VELITHON_GC_GEN2_INTERVAL: optional(count),
  VELITHON_POOL_MAX_SIZE: optional(numeric(integer(0, MAX_CAPACITY))),
  VELITHON_CACHE_MAX_SIZE: optional(numeric(integer(1, MAX_CAPACITY))),
});

/**
 * Reads the six variables; an empty one counts as not set.
 *
 * @throws `INVALID_ENVIRONMENT` naming the first variable that does not fit, its value and what is accepted
 */
export function readEnvironment(variable: (name: string) => string | undefined): EnvironmentSettings {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.entries)) {
    const value = variable(name)?.trim();
    if (value) given[name] = value;
  }
  const parsed = parseOptions("environment", schema, given, "INVALID_ENVIRONMENT");
  return {
    enabled: parsed.VELITHON_MEMORY_OPTIMIZATION,
    memoryThresholdMb: parsed.VELITHON_MEMORY_THRESHOLD,
    generation0Interval: parsed.VELITHON_GC_GEN0_INTERVAL,
    generation2Interval: parsed.VELITHON_GC_GEN2_INTERVAL,
    poolMaxSize: parsed.VELITHON_POOL_MAX_SIZE,
    cacheMaxSize: parsed.VELITHON_CACHE_MAX_SIZE,
  };
}
