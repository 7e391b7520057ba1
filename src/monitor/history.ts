/** Series that a history keeps, and how samples of one interval become one value. */
const FIELDS = {
  rssBytes: "max",
  heapUsedBytes: "max",
  heapTotalBytes: "max",
  externalBytes: "max",
  /** What counts against the limit. */
  usedBytes: "max",
  limitBytes: "last",
  loopLagMaxMs: "max",
  psiSomeAvg10Ratio: "max",
  inFlight: "max",
  requestsPerSecond: "last",
  /** Pauses of collections that ended in the interval, the engine's where it reports them, else ours. */
  collectionPauseMs: "sum",
  /** What the last major collection left of the heap. */
  heapFloorBytes: "last",
} as const;

/** A series of the history, named by what it holds. */
export type HistoryField = keyof typeof FIELDS;
/** The last hour in steps of 5 s, or the last week in steps of 15 minutes. */
export type HistorySpan = "hour" | "week";
/** One sample; what is missing or `undefined` stays unknown. */
export type HistoryPoint = { readonly [F in HistoryField]?: number | undefined };

/** Every series has the same length, oldest first. */
export interface MemoryHistory {
  /** The span that was asked for. */
  readonly span: HistorySpan;
  /** Length of the interval of one value. */
  readonly intervalMs: number;
  /** End of the last value's interval, in ms since 1970. */
  readonly endsAtMs: number;
  /** `null`: not known, or nothing was sampled in that interval. */
  readonly series: Readonly<Record<HistoryField, readonly (number | null)[]>>;
}

const NAMES = Object.keys(FIELDS) as HistoryField[];

/** Values by interval, the last `length` of them. 4 bytes a value, taken once. */
class Ring {
  readonly intervalMs: number;
  readonly #length: number;
  readonly #columns: Readonly<Record<HistoryField, Float32Array>>;
  /** Number of the newest interval, counted from the clock's zero; NaN before the first. */
  #newest = Number.NaN;
  #filled = 0;

  constructor(intervalMs: number, length: number) {
    this.intervalMs = intervalMs;
    this.#length = length;
    this.#columns = Object.fromEntries(
      NAMES.map((name) => [name, new Float32Array(length).fill(Number.NaN)]),
    ) as Record<HistoryField, Float32Array>;
  }

  add(nowMs: number, point: HistoryPoint): void {
    const interval = Math.floor(nowMs / this.intervalMs);
    if (interval !== this.#newest) this.#open(interval);
    const at = interval % this.#length;
    for (const name of NAMES) {
      const value = point[name];
      if (value === undefined) continue;
      const column = this.#columns[name];
      const old = column[at]!;
      if (Number.isNaN(old) || FIELDS[name] === "last") column[at] = value;
      else if (FIELDS[name] === "sum") column[at] = old + value;
      else if (value > old) column[at] = value;
    }
  }

  /** Intervals that were slept through are empty ones. */
  #open(interval: number): void {
    const first = Number.isNaN(this.#newest);
    const passed = first ? 1 : Math.min(this.#length, interval - this.#newest);
    for (let i = 0; i < passed; i++) {
      for (const name of NAMES) this.#columns[name][(interval - i) % this.#length] = Number.NaN;
    }
    this.#filled = Math.min(this.#length, this.#filled + passed);
    this.#newest = interval;
  }

  read(nowMs: number, wallMs: number, span: HistorySpan): MemoryHistory {
    const series = Object.fromEntries(
      NAMES.map((name) => {
        const column = this.#columns[name];
        const values: (number | null)[] = [];
        for (let i = this.#newest - this.#filled + 1; i <= this.#newest; i++) {
          const value = column[i % this.#length]!;
          values.push(Number.isNaN(value) ? null : value);
        }
        return [name, values];
      }),
    ) as Record<HistoryField, (number | null)[]>;
    const end = Number.isNaN(this.#newest) ? nowMs : (this.#newest + 1) * this.intervalMs;
    return { span, intervalMs: this.intervalMs, endsAtMs: Math.round(wallMs + end - nowMs), series };
  }
}

/** What was sampled in the last hour, by 5 s, and in the last seven days, by 15 min. About 65 KB, whatever happens. */
export class History {
  readonly #hour: Ring = new Ring(5000, 720);
  readonly #week: Ring = new Ring(900_000, 672);

  /** Cost: about 1 µs. */
  add(nowMs: number, point: HistoryPoint): void {
    this.#hour.add(nowMs, point);
    this.#week.add(nowMs, point);
  }

  read(span: HistorySpan, nowMs: number, wallMs: number = Date.now()): MemoryHistory {
    return (span === "hour" ? this.#hour : this.#week).read(nowMs, wallMs, span);
  }
}
