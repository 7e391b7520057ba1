import type {
  Closable,
  CollectionProfile,
  HeapSpace,
  ObservedCollection,
  RuntimePort,
} from "../shared/port.ts";
import { addPause, type EngineKindStats, type EngineStats, type Tally, tally } from "./engine.ts";
import { type Promotion, PromotionWatch } from "./promotion.ts";

/** Nobody may come to take them. */
const MAX_FLOORS = 100;

/** Watches what the engine collects by itself, where the runtime shows it. */
export class EngineWatch {
  readonly #port: RuntimePort;
  readonly #wasBusyAt: (timeMs: number) => boolean | undefined;
  readonly #tallies = { minor: tally(), major: tally(), incremental: tally() };
  #observer: Closable | undefined;
  #profile: CollectionProfile | undefined;
  #pausesProfiled = false;
  readonly #floors: number[] = [];
  readonly #promotion = new PromotionWatch();

  /** @param wasBusyAt whether a request was in flight at a time */
  constructor(port: RuntimePort, wasBusyAt: (timeMs: number) => boolean | undefined) {
    this.#port = port;
    this.#wasBusyAt = wasBusyAt;
  }

  start(): void {
    this.#observer ??= this.#port.observeCollections((seen) => this.#seen(seen));
    this.#profile ??= this.#port.profileCollections();
  }

  stop(): void {
    this.#observer?.close();
    this.#observer = undefined;
    this.#profile?.close();
    this.#profile = undefined;
  }

  #seen(collection: ObservedCollection): void {
    if (collection.kind === "other") return;
    const t = this.#tallies[collection.kind];
    addPause(t, collection.durationMs);
    if (collection.kind !== "incremental") {
      const spaces = this.#port.readHeapSpaces();
      this.#promotion.seen(collection.kind, spaces);
      if (collection.kind === "major") this.#seenMajor(spaces);
    }
    if (collection.forced) t.forced += 1;
    if (collection.startedAtMs !== undefined && this.#wasBusyAt(collection.startedAtMs)) {
      t.insideRequests += 1;
      t.insideRequestsMs += collection.durationMs;
    }
  }

  /**
   * What major collections left on the heap since this was last asked. Takes the engine's own account into
   * the statistics; where the runtime has no observer, counts and pauses come from there too.
   */
  takeFloors(): readonly number[] {
    for (const { kind, durationMs, freedBytes, heapAfterBytes } of this.#profile?.take() ?? []) {
      if (kind === "other") continue;
      const t = this.#tallies[kind];
      if (!this.#observer && durationMs !== undefined) {
        addPause(t, durationMs);
        this.#pausesProfiled = true;
      }
      if (freedBytes !== undefined) {
        t.freedBytes += freedBytes;
        t.measured += 1;
      }
      if (kind === "major" && heapAfterBytes !== undefined && !this.#observer)
        this.#floors.push(heapAfterBytes);
    }
    return this.#floors.splice(0);
  }

  /** A little late, but all that was made since lies in the young generation. */
  #seenMajor(spaces: readonly HeapSpace[] | undefined): void {
    const old = spaces?.filter(({ young }) => young !== true);
    if (!old || this.#floors.length >= MAX_FLOORS) return;
    this.#floors.push(old.reduce((sum, { usedBytes }) => sum + usedBytes, 0));
  }

  /** What young collections promoted so far; `undefined` where the runtime reports none. */
  get promotion(): Promotion | undefined {
    return this.#promotion.total;
  }

  /** Pauses so far; `undefined` where the runtime reports none. */
  totalPauseMs(): number | undefined {
    if (!this.#tells) return undefined;
    const { minor, major, incremental } = this.#tallies;
    return minor.totalPauseMs + major.totalPauseMs + incremental.totalPauseMs;
  }

  get #tells(): boolean {
    return this.#observer !== undefined || this.#pausesProfiled;
  }

  /** `undefined` where the runtime reports nothing. */
  getStats(): EngineStats | undefined {
    const observed = this.#observer !== undefined;
    if (!this.#tells) return undefined;
    const kind = (t: Tally): EngineKindStats => ({
      ...t,
      pausedAtMost: [...t.pausedAtMost],
      insideRequests: observed ? t.insideRequests : undefined,
      insideRequestsMs: observed ? t.insideRequestsMs : undefined,
      forced: observed ? t.forced : undefined,
      freedBytes: this.#profile && t.measured > 0 ? t.freedBytes : undefined,
    });
    const { minor, major, incremental } = this.#tallies;
    return { minor: kind(minor), major: kind(major), incremental: kind(incremental) };
  }
}
