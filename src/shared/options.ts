/**
 * Checks of what a caller passes. Each builder's message says what is accepted; `parseOptions` turns the
 * first failure into the one error a caller sees.
 *
 * @module
 */
import * as v from "valibot";
import { type ErrorCode, show, showName, unreadable, VelithonError } from "./errors.ts";

type Schema<T> = v.GenericSchema<unknown, T>;

export function integer(min: number, max: number): Schema<number> {
  const accepted = `a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(accepted),
    v.integer(accepted),
    v.minValue(min, accepted),
    v.maxValue(max, accepted),
  ) as unknown as Schema<number>;
}

export function number(min: number, max: number): Schema<number> {
  const accepted = `a number from ${min} to ${max}`;
  return v.pipe(
    v.number(accepted),
    v.minValue(min, accepted),
    v.maxValue(max, accepted),
  ) as unknown as Schema<number>;
}

export function boolean(): Schema<boolean> {
  return v.boolean("true or false") as unknown as Schema<boolean>;
}

/** A non-empty name of at most 200 characters. */
export function name(): Schema<string> {
  const accepted = "a string of 1 to 200 characters";
  return v.pipe(
    v.string(accepted),
    v.minLength(1, accepted),
    v.maxLength(200, accepted),
  ) as unknown as Schema<string>;
}

/** A function; its type is the caller's. */
export function callable<T>(): Schema<T> {
  return v.custom<T>((value) => typeof value === "function", "a function") as unknown as Schema<T>;
}

/** What is accepted may be said of the very value. */
export function having<T>(
  accepted: string | ((value: unknown) => string),
  test: (value: unknown) => boolean,
): Schema<T> {
  const message =
    typeof accepted === "string" ? accepted : ({ input }: { input: unknown }) => accepted(input);
  return v.custom<T>(test, message) as unknown as Schema<T>;
}

/** An object with fields: no list, no function. */
export function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws `INVALID_OPTION` unless `value` is an object with fields. */
export function requireRecord(name: string, value: unknown): void {
  if (isRecord(value)) return;
  throw new VelithonError("INVALID_OPTION", `${name} is ${show(value)}; accepted: an object`);
}

export function oneOf<const T extends string>(...names: T[]): Schema<T> {
  const shown = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return having<T>(shown, (value) => (names as unknown[]).includes(value));
}

export function tuple(length: number, min: number, max: number): Schema<readonly number[]> {
  const accepted = `${length} whole numbers from ${min} to ${max}`;
  return v.custom<readonly number[]>(
    (value) =>
      Array.isArray(value) &&
      value.length === length &&
      value.every((n) => Number.isInteger(n) && n >= min && n <= max),
    accepted,
  ) as unknown as Schema<readonly number[]>;
}

export type OptionFields = Record<string, v.GenericSchema>;

/** An object with these fields and no others; a missing object is an empty one. */
export function options<const F extends OptionFields>(fields: F): v.StrictObjectSchema<F, undefined> {
  return v.strictObject(fields) as v.StrictObjectSchema<F, undefined>;
}

export const optional: typeof v.optional = v.optional;

/** What a field accepts: it says so of `null`, which none does. */
const acceptedBy = (field: v.GenericSchema): string =>
  v.safeParse(field, null).issues?.[0].message ?? "a value";

/** Which of the options throws when it is read, and what. */
function findUnreadable(input: unknown, entries: OptionFields, thrown: unknown): string {
  for (const [name, field] of Object.entries(entries)) {
    try {
      v.safeParse(field, (input as Record<string, unknown>)[name]);
    } catch (error) {
      return unreadable(error, name, acceptedBy(field));
    }
  }
  return unreadable(thrown);
}

/**
 * @param where the function or class that was called: it opens the message
 * @throws `INVALID_OPTION` for the first option that does not fit; nothing was done by then
 */
export function parseOptions<S extends v.GenericSchema>(
  where: string,
  schema: S,
  input: unknown,
  code: ErrorCode = "INVALID_OPTION",
): v.InferOutput<S> {
  const entries = (schema as unknown as { entries?: OptionFields }).entries ?? {};
  let result: v.SafeParseResult<S>;
  try {
    const given = input === undefined ? {} : Array.isArray(input) ? null : input;
    result = v.safeParse(schema, given, { abortEarly: true });
  } catch (cause) {
    throw new VelithonError(code, `${where}: ${findUnreadable(input, entries, cause)}`, { cause });
  }
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = (issue.path ?? []).map((item: { key?: unknown }) => String(item.key)).join(".");
  if (path === "") {
    throw new VelithonError(code, `${where}: the options are ${show(input)}; accepted: an object`);
  }
  if (issue.type !== "strict_object") {
    throw new VelithonError(code, `${where}: ${path} is ${show(issue.input)}; accepted: ${issue.message}`);
  }
  if (!Object.hasOwn(entries, path)) {
    throw new VelithonError(
      code,
      `${where}: there is no option ${showName(path)}; accepted: ${Object.keys(entries).join(", ")}`,
    );
  }
  throw new VelithonError(code, `${where}: ${path} is missing; accepted: ${acceptedBy(entries[path]!)}`);
}
