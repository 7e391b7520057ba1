/**
 * A major collection that gives memory back, the young generation's pages above all.
 *
 * V8 lets go of what its young generation grew to only in a collection that is meant to reduce memory. Marking that
 * begins while V8 optimizes for size makes such a one on every version of Node. `gc({ flavor: "last-resort" })` takes
 * two or three times the work for the same, and Node 20 does not have it.
 *
 * @module
 */
import process from "node:process";
import v8 from "node:v8";
import { isMainThread } from "node:worker_threads";
import { type CollectionFunction, readHeapSpaces } from "../shared.ts";

const BEGINS = [
  "stress-incremental-marking",
  // Where the program's start has it, it stays.
  ...(/--optimize[-_]for[-_]size/.test(process.execArgv.join(" ")) ? [] : ["optimize-for-size"]),
];

/**
 * Whether a collection may end the marking and be the only one: `gc()` ends it and runs another. Node 20 would go on
 * reducing, and have its young generation shrink behind each of its collections until the next major one. And as long
 * as it takes, other threads' minor collections would become major ones: a worker has such threads beside it.
 */
const endsAlone = isMainThread && Number.parseInt(process.versions.node, 10) >= 22;

/** Sets V8's flags for as long as `run` takes: they hold for the whole process. */
function withFlags(names: readonly string[], run: () => void): void {
  for (const name of names) v8.setFlagsFromString(`--${name}`);
  try {
    run();
  } finally {
    for (const name of names) v8.setFlagsFromString(`--no-${name}`);
  }
}

/** What a young generation of this size holds is not worth another collection. */
const SMALL_BYTES = 8 * 1024 * 1024;

const youngBytes = (): number =>
  readHeapSpaces().reduce((sum, { young, totalBytes }) => sum + (young ? totalBytes : 0), 0);

export function collectReducing(gc: CollectionFunction): void {
  const before = youngBytes();
  // A marking that was at work already is ended as what it was, and reduces nothing: then another is begun.
  for (let i = 0; i < 2; i++) {
    // Behind a minor collection V8 asks itself whether to begin marking, and this flag has it answer yes.
    withFlags(BEGINS, () => gc({ type: "minor" }));
    if (endsAlone) withFlags(["gc-global"], () => gc({ type: "minor" }));
    else gc();
    if (youngBytes() <= Math.max(SMALL_BYTES, before / 2)) return;
  }
}
