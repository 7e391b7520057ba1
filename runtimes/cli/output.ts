import process from "node:process";

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printError(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, undefined, 2));
}

const terminal = (): boolean => process.stderr.isTTY === true;

/** How far a long work is: one line that renews itself in a terminal, a line now and then elsewhere. On stderr. */
export class Progress {
  readonly #intervalMs: number;
  #last = Number.NEGATIVE_INFINITY;
  #width = 0;

  constructor(intervalMs: number = terminal() ? 100 : 5000) {
    this.#intervalMs = intervalMs;
  }

  show(text: string): void {
    const now = performance.now();
    if (now - this.#last < this.#intervalMs) return;
    this.#last = now;
    if (terminal()) {
      process.stderr.write(`\r${text.padEnd(this.#width)}`);
      this.#width = text.length;
    } else {
      printError(text);
    }
  }

  /** Takes the line away. */
  end(): void {
    if (this.#width > 0) process.stderr.write(`\r${" ".repeat(this.#width)}\r`);
    this.#width = 0;
  }
}

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** Bytes as a person reads them; "unknown" where nothing was measured. */
export function showBytes(bytes: number | undefined): string {
  if (bytes === undefined) return "unknown";
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}
