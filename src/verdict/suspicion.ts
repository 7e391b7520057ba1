import type { GovernorCore } from "../core/governor.ts";
import { orNaN } from "../core/unknown.ts";
import { VelithonError } from "../shared/errors.ts";
import type { Logger } from "../shared/logger.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { Reading } from "../shared/reading.ts";
import { type Culprit, CulpritFinder } from "./culprit.ts";
import type { SurvivorsFound } from "./culprit-route.ts";
import { type SnapshotResult, type SnapshotSettings, Snapshots } from "./snapshot.ts";
import type { MemoryVerdict } from "./verdict.ts";

/** As in the core. */
const SEARCH = 1;
const SNAPSHOT = 2;

/** Carries out what the core (assembly/governor/suspicion.ts) finds due once memory is found to grow: a search for its culprit, and a snapshot where the owner wants one. */
export class Suspicion {
  readonly finder: CulpritFinder;
  readonly #port: RuntimePort;
  readonly #snapshots: Snapshots;
  readonly #wanted: number;
  readonly #loadCore: () => GovernorCore;
  readonly #logger: Logger;
  #suspected = false;

  constructor(
    port: RuntimePort,
    logger: Logger,
    settings: { readonly culprit: boolean; readonly snapshots: SnapshotSettings | undefined },
    loadCore: () => GovernorCore,
    watchRoutes: () => () => SurvivorsFound,
  ) {
    this.finder = new CulpritFinder(port, watchRoutes);
    this.#port = port;
    this.#logger = logger;
    this.#snapshots = new Snapshots(port, settings.snapshots);
    this.#wanted = (settings.culprit ? SEARCH : 0) | (this.#snapshots.enabled ? SNAPSHOT : 0);
    this.#loadCore = loadCore;
  }

  /** Of the growth that is suspected now. */
  get culprit(): Culprit | undefined {
    return this.#suspected ? this.finder.last : undefined;
  }

  takeSnapshot(reading: Reading): SnapshotResult {
    return this.#snapshots.take(reading);
  }

  /** Ends a search that growth began. One by hand goes on: somebody waits for it. */
  stop(): void {
    this.finder.stop();
  }

  sample(nowMs: number, verdict: MemoryVerdict, reading: Reading, idle: boolean): void {
    this.#suspected = verdict.state === "growing" && verdict.part !== "rss";
    const { exports } = this.#loadCore();
    const bit = (is: boolean) => (is ? 1 : 0);
    const due = exports.suspicionDue(
      nowMs,
      bit(this.#suspected),
      this.#wanted,
      bit(idle),
      bit(this.finder.running),
    );
    if (due === SEARCH) this.#search(verdict, exports.suspicionSearchMs(orNaN(verdict.bytesPerHour)));
    if (due !== SNAPSHOT) return;
    const result = this.#snapshots.take(reading);
    this.#logger.warn({ ...result }, result.written ? "heap snapshot written" : "no heap snapshot");
  }

  #search({ summary }: MemoryVerdict, ms: number): void {
    if (
      !this.#port.capabilities.allocationSites.available &&
      !this.#port.capabilities.classCounts.available
    ) {
      this.#logger.warn({ verdict: summary }, "memory grows");
      return;
    }
    this.finder.find({ seconds: ms / 1000 }, false).then(
      (culprit) => this.#logger.warn({ verdict: summary, culprit: culprit.summary }, "memory grows"),
      (error: unknown) => {
        if (error instanceof VelithonError && error.code === "CLOSED") return;
        this.#logger.warn({ verdict: summary, err: error }, "memory grows");
      },
    );
  }
}
