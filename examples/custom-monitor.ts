/**
 * A monitor of one's own: it remembers the peak, and cleans up when memory is close to it. A clean-up that
 * freed little makes the next ones wait longer, so that it cannot eat the server.
 */
import { Hono } from "hono";
import { getMemoryOptimizer, type MemoryOptimizer, memoryGovernance } from "velithon";

export interface PeakMonitorOptions {
  /** Memory is looked at every so many requests. */
  everyRequests?: number;
  /** A clean-up runs from this share of the peak on. */
  nearPeakRatio?: number;
  /** Below this much there is nothing to clean up for. */
  floorMb?: number;
  optimizer?: MemoryOptimizer;
}

/** A clean-up that freed less makes the monitor look half as often. */
const WORTH_MB = 1;
const MAX_WAIT = 64;

export class PeakMonitor {
  readonly #optimizer: MemoryOptimizer;
  readonly #options: Required<Omit<PeakMonitorOptions, "optimizer">>;
  #requests = 0;
  #wait = 1;
  #looksLeft = 1;
  peakMb: number | undefined;
  cleanups = 0;

  constructor({
    everyRequests = 1000,
    nearPeakRatio = 0.8,
    floorMb = 200,
    optimizer = getMemoryOptimizer(),
  }: PeakMonitorOptions = {}) {
    this.#options = { everyRequests, nearPeakRatio, floorMb };
    this.#optimizer = optimizer;
  }

  /** Called once a request. Cleans up behind the current turn, so never before a response. */
  check(): void {
    this.#requests += 1;
    if (this.#requests % this.#options.everyRequests !== 0) return;
    const rssMb = this.#optimizer.getMemoryStats().systemMemory.rssMb;
    if (rssMb === undefined) return;
    this.peakMb = Math.max(this.peakMb ?? 0, rssMb);
    if (rssMb < this.#options.floorMb || rssMb < this.peakMb * this.#options.nearPeakRatio) return;
    this.#looksLeft -= 1;
    if (this.#looksLeft <= 0) setTimeout(() => this.cleanUp(), 0);
  }

  /** Cleans up now. Costs a major collection: that is why it is rare. */
  cleanUp(): void {
    const { gcStats } = this.#optimizer.manualMemoryCleanup();
    this.cleanups += 1;
    // Bun cannot tell at once what a collection freed: then the monitor stays careful.
    const freedMb = (gcStats.freedBytes ?? 0) / (1024 * 1024);
    this.#wait = freedMb >= WORTH_MB ? 1 : Math.min(MAX_WAIT, this.#wait * 2);
    this.#looksLeft = this.#wait;
  }
}

export function createMonitoredApp(monitor: PeakMonitor): Hono {
  const app = new Hono();
  app.use(memoryGovernance());
  app.use(async (_, next) => {
    await next();
    monitor.check();
  });
  app.get("/", (c) => c.text("hello"));
  app.get("/peak", (c) => c.json({ peakMb: monitor.peakMb, cleanups: monitor.cleanups }));
  return app;
}
