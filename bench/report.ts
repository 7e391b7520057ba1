import type { Spread } from "./statistics.ts";

/** One candidate beside the others. `ratio` is to the reference, per round; the reference has none. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly ratio?: Spread;
  readonly note?: string;
}

export interface Section {
  readonly title: string;
  readonly unit: string;
  readonly reference?: string;
  readonly rows: readonly Row[];
}

export interface Target {
  readonly name: string;
  readonly unit: "x" | "ns" | "µs" | "ms" | "acquires" | "bytes";
  /** `most`: the measured value may not lie above the limit; `least`: not below. */
  readonly bound: "most" | "least";
  readonly limit: number;
  /** `undefined` where this runtime cannot tell. */
  readonly measured: Spread | undefined;
}

/** What a subject answers. */
export interface Report {
  readonly sections: readonly Section[];
  readonly targets: readonly Target[];
}

function isMet(target: Target): boolean | undefined {
  if (target.measured === undefined) return undefined;
  const { median } = target.measured;
  return target.bound === "most" ? median <= target.limit : median >= target.limit;
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 2 ? 2 : 3);
}

function between({ low, high }: Spread): string {
  return `${digits(low)}..${digits(high)}`;
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join("\n");
}

export function formatSection(section: Section): string {
  const head = ["", section.unit, section.reference === undefined ? "" : "ratio", "middle half", ""];
  const rows = section.rows.map((row) => [
    row.name,
    digits(row.value),
    row.ratio ? digits(row.ratio.median) : row.name === section.reference ? "1" : "",
    row.ratio ? between(row.ratio) : "",
    row.note ?? "",
  ]);
  return `${section.title}\n${table([head, ...rows])}\n`;
}

export function formatTargets(results: readonly { runtime: string; targets: readonly Target[] }[]): string {
  const head = ["target", "limit", "runtime", "measured", "middle half", ""];
  const rows = results.flatMap(({ runtime, targets }) =>
    targets.map((target) => {
      const met = isMet(target);
      return [
        target.name,
        `${target.bound === "most" ? "<=" : ">="} ${target.limit} ${target.unit}`,
        runtime,
        target.measured ? `${digits(target.measured.median)} ${target.unit}` : "cannot tell",
        target.measured ? between(target.measured) : "",
        met === undefined ? "" : met ? "met" : "MISSED",
      ];
    }),
  );
  rows.sort((a, b) => (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : 0));
  return `Targets\n${table([head, ...rows])}\n`;
}
