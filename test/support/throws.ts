import * as assert from "uvu/assert";
import { type ErrorCode, VelithonError } from "../../src/index.ts";

type Part = string | RegExp;

function check(error: unknown, code: ErrorCode, parts: readonly Part[]): void {
  assert.instance(error, VelithonError, `a VelithonError, not ${String(error)}`);
  const { code: actual, message } = error as VelithonError;
  assert.is(actual, code, message);
  for (const part of parts) assert.match(message, part);
}

/** That `act` throws the library's error with this code, and with every part in its message. */
export function throwsCode(act: () => unknown, code: ErrorCode, ...parts: readonly Part[]): void {
  let thrown: { error: unknown } | undefined;
  try {
    act();
  } catch (error) {
    thrown = { error };
  }
  if (!thrown) assert.unreachable(`nothing was thrown; expected ${code}`);
  check(thrown?.error, code, parts);
}

/** As `throwsCode`, for a promise. */
export async function rejectsCode(
  promise: Promise<unknown>,
  code: ErrorCode,
  ...parts: readonly Part[]
): Promise<void> {
  const error = await rejection(promise);
  check(error, code, parts);
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.unreachable("the promise was fulfilled");
}

/** The code of the library's error that `act` throws; another error as text; `undefined` for none. */
export function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return error instanceof VelithonError ? error.code : String(error);
  }
  return undefined;
}
