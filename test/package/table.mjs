// Every entry point in every place: works, or the reason why not.
import { check, skip } from "./command.mjs";
import { columnsWith } from "./hosts.mjs";

/** Runs them all; the table as text. `fetched`: bundlers beside those that are installed. */
export async function tableOf(folder, entries, fetched) {
  const cells = {};
  const columns = columnsWith(fetched);
  for (const [column, runAll] of Object.entries(columns)) {
    const answers = await runAll(folder, entries);
    if (answers.skipped !== undefined) skip(`every entry point on ${column}`, answers.skipped);
    for (const [name, entry] of Object.entries(entries)) {
      const why = entry.not?.[column] ?? answers.skipped;
      if (why !== undefined) cells[`${name} ${column}`] = { text: "-", note: why };
      else {
        const holds = check(`${name} on ${column}`, answers[name] ?? "it was not run");
        cells[`${name} ${column}`] = { text: holds ? "ok" : "FAIL", note: entry.notes?.[column] };
      }
    }
  }
  const notes = [];
  const rows = Object.keys(entries).map((name) => [
    name,
    ...Object.keys(columns).map((column) => {
      const { text, note } = cells[`${name} ${column}`];
      if (note === undefined) return text;
      if (!notes.includes(note)) notes.push(note);
      return `${text} ${notes.indexOf(note) + 1}`;
    }),
  ]);
  const all = [["entry point", ...Object.keys(columns)], ...rows];
  const widths = all[0].map((_, i) => Math.max(...all.map((row) => row[i].length)) + 2);
  const lines = all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("")
      .trimEnd(),
  );
  return [...lines, "", ...notes.map((note, i) => `${i + 1}  ${note}`)].join("\n");
}
