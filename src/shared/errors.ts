/** Stable codes of the library's errors, which a program may compare. */
export type ErrorCode =
  | "INVALID_OPTION"
  | "INVALID_ENVIRONMENT"
  | "NAME_TAKEN"
  | "NO_RUNTIME"
  | "NOT_AN_OBJECT"
  | "DOUBLE_RELEASE"
  | "STALE_HANDLE"
  | "FOREIGN_OBJECT"
  | "POOL_EXHAUSTED"
  | "CLOSED"
  | "NO_CONTEXT"
  | "CONTEXT_CLOSED"
  | "TOO_MANY_GATES"
  | "ALREADY_ARMED"
  | "OUT_OF_MEMORY"
  | "CORE_NOT_LOADED"
  | "MISSING_PACKAGE";

/** The library's one error class. `message` names what was wrong, its value and what is accepted. */
export class VelithonError extends Error {
  /** Says what went wrong, for programs: docs/troubleshooting.md lists all codes. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "VelithonError";
    this.code = code;
  }
}

/** Whether a value is one that can be held weakly: no primitive one. */
export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function shown(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === "function") return `a function${value.name ? ` (${value.name})` : ""}`;
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || typeof value !== "object") return String(value);
  if (!Array.isArray(value)) return "an object";
  if (value.length > 8) return `an array of ${value.length}`;
  return `[${value.map((item) => (Array.isArray(item) ? "an array" : show(item))).join(", ")}]`;
}

/** A value as it should appear in a message: short, on one line, never throwing. */
export function show(value: unknown): string {
  try {
    return shown(value);
  } catch {
    return "a value that cannot be read";
  }
}

/** The name of an option that may be any text: as it is where it is a plain one. */
export const showName = (name: string): string => (/^[\w$]{1,60}$/.test(name) ? name : show(name));

/** Throws `INVALID_OPTION` unless `value` is a whole number within the bounds. */
export function requireInteger(name: string, value: unknown, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw new VelithonError(
    "INVALID_OPTION",
    `${name} is ${show(value)}; accepted: a whole number from ${min} to ${max}`,
  );
}

/** Throws `INVALID_OPTION` unless each of these is a number from `min` on, and finite. */
export function requireAmounts(where: string, given: Readonly<Record<string, unknown>>, min = 0): void {
  for (const [name, value] of Object.entries(given)) {
    if (Number.isFinite(value) && (value as number) >= min) continue;
    throw new VelithonError(
      "INVALID_OPTION",
      `${where}: ${name} is ${show(value)}; accepted: a number from ${min} on`,
    );
  }
}

/** Throws `INVALID_OPTION` unless `value` is a function. */
export function requireFunction(name: string, value: unknown, accepted = "a function"): void {
  if (typeof value === "function") return;
  throw new VelithonError("INVALID_OPTION", `${name} is ${show(value)}; accepted: ${accepted}`);
}

/** Throws `INVALID_OPTION` unless `value` is an optimizer, of this copy of the library or of another. */
export function requireOptimizer(where: string, value: unknown): void {
  if (typeof (value as { getMemoryStats?: unknown } | null | undefined)?.getMemoryStats === "function")
    return;
  throw new VelithonError(
    "INVALID_OPTION",
    `${where}: optimizer is ${show(value)}; accepted: a MemoryOptimizer`,
  );
}

/** Reads options that may throw when they are read. @throws `INVALID_OPTION` */
export function reading<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof VelithonError) throw cause;
    throw new VelithonError("INVALID_OPTION", `${where}: ${unreadable(cause)}`, { cause });
  }
}

/** What is said of options that throw. */
export const unreadable = (thrown: unknown, name = "the options", accepted = "an object"): string =>
  `${name} cannot be read, an error was thrown: ${show(messageOf(thrown))}; accepted: ${accepted}`;

const messageOf = (thrown: unknown): unknown => (thrown instanceof Error ? thrown.message : thrown);

/** Throws `INVALID_OPTION` unless `given` is an object without other fields than these. */
export function requireFields(where: string, given: unknown, fields: readonly string[]): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new VelithonError(
      "INVALID_OPTION",
      `${where}: the options are ${show(given)}; accepted: an object`,
    );
  }
  const other = Object.keys(given).find((name) => !fields.includes(name));
  if (other === undefined) return;
  throw new VelithonError(
    "INVALID_OPTION",
    `${where}: there is no option ${showName(other)}; accepted: ${fields.join(", ")}`,
  );
}
