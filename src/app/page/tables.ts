import type { DashboardState } from "../state.ts";
import { element, setText } from "./dom.ts";
import { bytes, count, milliseconds, NONE, percent } from "./format.ts";
import { MEMORY_TABLES } from "./memory-tables.ts";
import type { Table } from "./table.ts";

const TABLES: readonly Table[] = [
  ...MEMORY_TABLES,
  {
    title: "Collections by the library",
    about: ({ stats: { gcStats } }) =>
      `budget ${gcStats.budgetMs < 0 ? `overdrawn by ${milliseconds(-gcStats.budgetMs)}` : milliseconds(gcStats.budgetMs)}`,
    head: ["kind", "ran", "manual", "dropped", "over budget", "not worth it", "pause", "longest", "freed"],
    rows: ({ stats: { gcStats } }) =>
      (["minor", "major"] as const).map((name) => {
        const kind = gcStats[name];
        return [
          name,
          count(kind.performed),
          count(kind.manual),
          count(kind.dropped),
          count(kind.overBudget),
          count(kind.notWorth),
          milliseconds(kind.totalPauseMs),
          milliseconds(kind.maxPauseMs),
          bytes(kind.freedBytes),
        ];
      }),
  },
  {
    title: "Collections that the engine reported",
    head: ["kind", "count", "forced", "inside requests", "pause", "longest"],
    none: () => "this runtime does not report them.",
    rows: ({ stats: { gcStats } }) =>
      Object.entries(gcStats.engine ?? {}).map(([name, kind]) => [
        name,
        count(kind.count),
        count(kind.forced),
        count(kind.insideRequests),
        milliseconds(kind.totalPauseMs),
        milliseconds(kind.maxPauseMs),
      ]),
  },
  {
    title: "Object pools",
    head: ["pool", "in use", "idle", "most in use", "reused", "created", "refused"],
    none: () => "none.",
    rows: ({ stats }) =>
      Object.entries(stats.objectPools).map(([name, pool]) => [
        name,
        count(pool.inUse),
        `${count(pool.poolSize)} of ${count(pool.maxSize)}`,
        count(pool.highWater),
        percent(pool.reuseRatio),
        count(pool.created),
        count(pool.doubleReleases + pool.staleReleases),
      ]),
  },
  {
    title: "Buffer pools",
    head: ["pool", "in use", "idle", "reused", "created"],
    rows: ({ stats }) =>
      Object.entries(stats.bufferPools).map(([name, pool]) => [
        name,
        bytes(pool.inUseBytes),
        `${bytes(pool.idleBytes)} of ${bytes(pool.maxIdleBytes)}`,
        count(pool.reused),
        count(pool.created),
      ]),
  },
  {
    title: "Governor",
    about: ({ stats }) => stats.governor.reason,
    head: ["policy", "opportunities", "acted", "held back", "cost", "freed", "now"],
    none: ({ stats }) => `${stats.governor.reason}.`,
    rows: ({ stats: { governor } }) =>
      Object.entries(governor.actions).map(([name, policy]) => [
        name,
        count(policy.opportunities),
        count(policy.performed),
        count(policy.opportunities - policy.performed),
        milliseconds(policy.totalCostMs),
        bytes(policy.freedBytes),
        policy.suspended ?? "active",
      ]),
  },
  {
    title: "Weak caches",
    head: ["cache", "entries", "hits", "misses", "hit rate"],
    none: () => "none.",
    rows: ({ stats }) =>
      Object.entries(stats.weakCaches).map(([name, cache]) => {
        const lookups = cache.hits + cache.misses;
        return [
          name,
          `${count(cache.size)} of ${count(cache.maxSize)}`,
          count(cache.hits),
          count(cache.misses),
          lookups === 0 ? NONE : percent(cache.hits / lookups),
        ];
      }),
  },
  {
    title: "Load shedding",
    about: ({ stats }) => `${count(stats.pressure.shedding.inFlight)} admitted and in flight`,
    head: ["priority", "admitted", "shed", "probability now"],
    rows: ({ stats: { pressure } }) => {
      const { admitted, shed, probability } = pressure.shedding;
      const all = Object.keys(admitted) as (keyof typeof admitted)[];
      // Not mounted, or nobody came: nothing to show.
      if (all.every((priority) => admitted[priority] + shed[priority] === 0)) return [];
      return all.map((priority) => [
        priority,
        count(admitted[priority]),
        count(shed[priority]),
        percent(probability[priority]),
      ]);
    },
  },
  {
    title: "Clean-ups",
    head: ["", "ran", "skipped", "freed"],
    rows: ({ stats: { cleanups, memoryThreshold, pressure } }) => [
      ["by count or time", count(cleanups.performed), count(cleanups.skipped), bytes(cleanups.freedBytes)],
      [
        "under pressure",
        count(pressure.relief.cleanups + pressure.relief.collections),
        NONE,
        bytes(pressure.relief.freedBytes),
      ],
      ...(memoryThreshold ? [["above the threshold", count(memoryThreshold.cleanups), NONE, NONE]] : []),
    ],
  },
];

/** Fills rows, keeping the cells that are there. */
function fill(body: HTMLTableSectionElement, rows: readonly (readonly string[])[]): void {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((row, i) => {
    const line = body.rows[i] ?? body.insertRow();
    row.forEach((text, j) => {
      let cell = line.cells[j];
      if (cell === undefined) {
        cell = j === 0 ? element("th", { scope: "row" }) : element("td");
        line.append(cell);
      }
      setText(cell, text);
      if (j === 0) cell.title = text;
    });
  });
}

/** Makes the tables in `into`; the answer puts a state into them. */
export function makeTables(into: HTMLElement): (state: DashboardState) => void {
  const made = TABLES.map((table) => {
    const about = element("small");
    const body = element("tbody");
    const cells = table.head.map((text) => element("th", { scope: "col" }, text));
    const whole = element(
      "table",
      { class: "figures" },
      element("caption", {}, `${table.title} `, about),
      element("thead", {}, element("tr", {}, ...cells)),
      body,
    );
    const none = element("p", { class: "none" });
    // Wider than a phone: it scrolls, also by the keyboard.
    const scroll = element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": table.title },
      whole,
    );
    const card = element("div", { class: "card table" }, scroll, none);
    into.append(card);
    return (state: DashboardState) => {
      const rows = table.rows(state);
      scroll.hidden = rows.length === 0;
      none.hidden = rows.length > 0;
      card.hidden = rows.length === 0 && table.none === undefined;
      if (rows.length === 0 && table.none) setText(none, `${table.title}: ${table.none(state)}`);
      setText(about, table.about?.(state) ?? "");
      fill(body, rows);
    };
  });
  return (state) => {
    for (const show of made) show(state);
  };
}
