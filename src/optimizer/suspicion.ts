import type { Reading } from "../monitor/reading.ts";
import { VelithonError } from "../shared/errors.ts";
import type { Logger } from "../shared/logger.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { SurvivorsFound } from "../shared/survivors.ts";
import { type Culprit, CulpritFinder } from "../verdict/culprit.ts";
import { type SnapshotResult, type SnapshotSettings, Snapshots } from "../verdict/snapshot.ts";
import type { MemoryVerdict } from "../verdict/verdict.ts";

/** A search costs two major collections: not again for the same growth. */
const SEARCH_INTERVAL_MS = 3_600_000;
/** What grows while it lasts, at the rate of the verdict: 64 samples. */
const ENOUGH_BYTES = 8 * 1024 * 1024;
const MIN_SECONDS = 10;
const MAX_SECONDS = 600;
/** A snapshot blocks for seconds: it waits so long for a moment without requests. */
const DRAIN_MS = 60_000;

/** What is done once memory is found to grow: a search for its culprit, and a snapshot where the owner wants one. */
export class Suspicion {
  readonly finder: CulpritFinder;
  readonly #port: RuntimePort;
  readonly #snapshots: Snapshots;
  readonly #searches: boolean;
  readonly #logger: Logger;
  #searchedAtMs = Number.NEGATIVE_INFINITY;
  #suspectedAtMs: number | undefined;
  #snapshotTried = false;

  constructor(
    port: RuntimePort,
    logger: Logger,
    settings: { readonly culprit: boolean; readonly snapshots: SnapshotSettings | undefined },
    watchRoutes: () => () => SurvivorsFound,
  ) {
    this.finder = new CulpritFinder(port, watchRoutes);
    this.#port = port;
    this.#logger = logger;
    this.#searches = settings.culprit;
    this.#snapshots = new Snapshots(port, settings.snapshots);
  }

  /** Of the growth that is suspected now. */
  get culprit(): Culprit | undefined {
    return this.#suspectedAtMs === undefined ? undefined : this.finder.last;
  }

  takeSnapshot(reading: Reading): SnapshotResult {
    return this.#snapshots.take(reading);
  }

  /** Ends a search that growth began. One by hand goes on: somebody waits for it. */
  stop(): void {
    this.finder.stop();
  }

  sample(nowMs: number, verdict: MemoryVerdict, reading: Reading, idle: boolean): void {
    if (verdict.state !== "growing" || verdict.part === "rss") {
      this.#suspectedAtMs = undefined;
      this.#snapshotTried = false;
      return;
    }
    this.#suspectedAtMs ??= nowMs;
    if (this.#searches && nowMs - this.#searchedAtMs >= SEARCH_INTERVAL_MS) {
      this.#searchedAtMs = nowMs;
      this.#search(verdict);
    }
    // A search and a snapshot at once would measure one another.
    if (!this.#snapshots.enabled || this.#snapshotTried || this.finder.running) return;
    if (!idle && nowMs - this.#suspectedAtMs < DRAIN_MS) return;
    this.#snapshotTried = true;
    const result = this.#snapshots.take(reading);
    this.#logger.warn({ ...result }, result.written ? "heap snapshot written" : "no heap snapshot");
  }

  #search({ summary, bytesPerHour }: MemoryVerdict): void {
    if (
      !this.#port.capabilities.allocationSites.available &&
      !this.#port.capabilities.classCounts.available
    ) {
      this.#logger.warn({ verdict: summary }, "memory grows");
      return;
    }
    // Until enough has grown to stand out among samples.
    const needed = (ENOUGH_BYTES / (bytesPerHour ?? ENOUGH_BYTES)) * 3600;
    const seconds = Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, needed));
    this.finder.find({ seconds }, false).then(
      (culprit) => this.#logger.warn({ verdict: summary, culprit: culprit.summary }, "memory grows"),
      (error: unknown) => {
        if (error instanceof VelithonError && error.code === "CLOSED") return;
        this.#logger.warn({ verdict: summary, error: String(error) }, "memory grows");
      },
    );
  }
}
