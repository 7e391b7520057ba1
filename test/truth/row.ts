/** One reading: what it told, and what an observer outside saw. */
export type Runtime = "node" | "bun" | "deno";
export interface Row {
  reading: string;
  observer: string;
  /** How far they may lie apart, as a share of what was seen, plus so much. */
  toleranceRatio: number;
  slack: number;
  unit: "bytes" | "ms" | "ratio" | "count";
  told: number | undefined;
  seen: number | undefined;
}
export type Answer = "agrees" | "differs" | "undefined" | "not observed";

const MB = 1024 * 1024;

export function answerOf({ told, seen, toleranceRatio, slack }: Row): Answer {
  if (told === undefined) return "undefined";
  if (seen === undefined) return "not observed";
  return Math.abs(told - seen) <= Math.abs(seen) * toleranceRatio + slack ? "agrees" : "differs";
}

const amount = (value: number, unit: Row["unit"]): string =>
  unit === "bytes"
    ? `${(value / MB).toFixed(1)} MB`
    : unit === "ms"
      ? `${value.toFixed(0)} ms`
      : String(value);

export function tolerance({ toleranceRatio, slack, unit }: Row): string {
  const parts = [
    toleranceRatio > 0 ? `${Math.round(toleranceRatio * 100)} %` : "",
    slack > 0 ? amount(slack, unit) : "",
  ];
  return parts.filter(Boolean).join(" and ") || "exact";
}

export function describe(row: Row): string {
  const { reading, told, seen, unit } = row;
  const shown = [told, seen].map((value) => (value === undefined ? "undefined" : amount(value, unit)));
  return `${reading}: told ${shown[0]}, seen ${shown[1]}, tolerance ${tolerance(row)}: ${answerOf(row)}`;
}

const WORDS: Record<Answer, string> = {
  agrees: "yes",
  differs: "wrong",
  undefined: "`undefined`",
  "not observed": "told, not observed here",
};

/** The table for the docs. */
export function truthTable(rows: Record<Runtime, Row[]>): string {
  const lines = rows.node.map((row, i) => {
    const cells = (["node", "bun", "deno"] as const).map((runtime) => WORDS[answerOf(rows[runtime][i]!)]);
    return `| ${row.reading} | ${cells.join(" | ")} | ${row.observer} | ${tolerance(row)} |`;
  });
  return [
    "| reading | Node | Bun | Deno | checked against | within |",
    "| - | - | - | - | - | - |",
    ...lines,
  ].join("\n");
}
