import { bytes, count, milliseconds, NONE, percent } from "./format.ts";
import type { Table } from "./table.ts";

/** Where memory goes: what grows, which routes take it, and who may hold how much. */
export const MEMORY_TABLES: readonly Table[] = [
  {
    title: "Culprit",
    about: ({ stats }) => `what stayed of ${milliseconds(stats.verdict?.culprit?.watchedMs)}`,
    head: ["made by", "grew by", "share", "at", "called by"],
    rows: ({ stats }) =>
      (stats.verdict?.culprit?.sites ?? []).map((site) => [
        site.functionName || "an anonymous function",
        bytes(site.grownBytes),
        percent(site.shareRatio),
        `${site.file}:${site.line}`,
        site.callers[0] ?? NONE,
      ]),
  },
  {
    title: "Culprit, by class",
    about: ({ stats }) => `after ${milliseconds(stats.verdict?.culprit?.watchedMs)}`,
    head: ["class", "more objects"],
    rows: ({ stats }) =>
      (stats.verdict?.culprit?.classes ?? []).map((it) => [it.name, count(it.grownObjects)]),
  },
  {
    title: "Culprit, by route",
    about: () => "what requests that ran alone left behind",
    head: ["route", "a request", "in all", "share", "measured"],
    rows: ({ stats }) =>
      (stats.verdict?.culprit?.routes ?? []).map((it) => [
        it.route,
        bytes(it.keptBytes),
        bytes(it.totalBytes),
        percent(it.shareRatio),
        `${count(it.samples)} of ${count(it.requests)}`,
      ]),
  },
  {
    title: "Routes that take the most heap",
    about: ({ topRoutes }) =>
      topRoutes.length > 0 && topRoutes.every((it) => it.meanBytes === undefined)
        ? "by time: this runtime does not tell what one request takes"
        : "estimated from samples",
    head: ["route", "a request", "in all", "time", "samples"],
    none: () => "none was sampled often enough yet.",
    rows: ({ topRoutes }) =>
      topRoutes.map((it) => [
        it.route,
        bytes(it.meanBytes),
        bytes(it.totalBytes),
        milliseconds(it.meanMs),
        count(it.samples),
      ]),
  },
  {
    title: "Memory budget",
    about: ({ stats: { budget } }) => {
      if (budget === undefined) return "";
      const { heldBytes, totalBytes, leftOut } = budget;
      const of = totalBytes === undefined ? "no limit now" : `${bytes(totalBytes)} allowed`;
      return `${bytes(heldBytes)} held, ${of}${leftOut === 0 ? "" : `, ${count(leftOut)} left out`}`;
    },
    head: ["held by", "held", "may hold", "wants", "gave way", "times"],
    none: () => "none; the option budgetBytes sets one.",
    rows: ({ stats: { budget } }) =>
      Object.entries(budget?.shares ?? {}).map(([name, share]) => [
        name,
        bytes(share.heldBytes),
        bytes(share.limitBytes),
        bytes(share.wantedBytes),
        bytes(share.gaveBytes),
        count(share.timesGiven),
      ]),
  },
];
