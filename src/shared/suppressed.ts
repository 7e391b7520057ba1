/** As the standard's: `error` came while `suppressed` was on its way. */
interface Suppressed extends Error {
  readonly error: unknown;
  readonly suppressed: unknown;
}

type SuppressedConstructor = new (error: unknown, suppressed: unknown, message?: string) => Suppressed;

/** For runtimes without a `SuppressedError` of their own: Node before 24. */
class OwnSuppressedError extends Error implements Suppressed {
  readonly error: unknown;
  readonly suppressed: unknown;

  constructor(error: unknown, suppressed: unknown, message?: string) {
    super(message);
    this.name = "SuppressedError";
    this.error = error;
    this.suppressed = suppressed;
  }
}

const Native = (globalThis as { SuppressedError?: SuppressedConstructor }).SuppressedError;
const SuppressedError: SuppressedConstructor = typeof Native === "function" ? Native : OwnSuppressedError;

/** What failed, in order, while something is being ended: none of it stops the rest, none of it is lost. */
export class Failures {
  #failed = false;
  #error: unknown;

  add(error: unknown): void {
    this.#error = this.#failed
      ? new SuppressedError(error, this.#error, "a clean-up failed after an earlier failure")
      : error;
    this.#failed = true;
  }

  /** @throws the one error, or the last as a `SuppressedError` that holds those before it */
  throwIfAny(): void {
    if (this.#failed) throw this.#error;
  }
}

/** Each failure for itself, the earliest first. */
export function eachFailure(error: unknown): unknown[] {
  const failures: unknown[] = [];
  let left = error;
  while (left instanceof SuppressedError) {
    failures.unshift(left.error);
    left = left.suppressed;
  }
  failures.unshift(left);
  return failures;
}
