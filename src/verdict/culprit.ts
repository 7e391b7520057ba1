import { VelithonError } from "../shared/errors.ts";
import { number, optional, options, parseOptions } from "../shared/options.ts";
import type { AllocationSite, RuntimePort } from "../shared/port.ts";
import type { CulpritRoute, SurvivorsFound } from "./culprit-route.ts";
import { duration, size } from "./words.ts";

/** Options of `findCulprit`. */
export interface FindCulpritOptions {
  /** How long to watch, in seconds, 0.1 to 3600. Default 30. Slow leaks need longer. */
  seconds?: number | undefined;
}

export type { CulpritRoute };

/** A function whose allocations stay alive. */
export interface CulpritSite {
  readonly functionName: string;
  /** As the engine names it: for compiled code, the compiled output. */
  readonly file: string;
  /** Where the function begins, from 1 on. */
  readonly line: number;
  readonly column: number;
  /** Bytes that it allocated during the search and that are alive at its end; from samples. */
  readonly grownBytes: number;
  /** Its share of all that grew, 0 to 1. */
  readonly shareRatio: number;
  /** The call stack of the first allocation seen, nearest caller first. */
  readonly callers: readonly string[];
}

/** A class with more live objects than before. */
export interface CulpritClass {
  readonly name: string;
  readonly grownObjects: number;
}

/** What a search for the code that makes memory grow found. */
export interface Culprit {
  /** Whether a culprit was found. */
  readonly found: boolean;
  /** Most bytes first, at most ten. Empty if the runtime cannot tell or nothing grew. */
  readonly sites: readonly CulpritSite[];
  /** On runtimes without allocation sites: most objects first, at most ten. */
  readonly classes: readonly CulpritClass[];
  /** Most bytes first, at most ten, from requests that ran alone; `undefined` if nothing could be found out. */
  readonly routes: readonly CulpritRoute[] | undefined;
  /** Why `routes` is `undefined`. */
  readonly routesReason: string | undefined;
  /** In one or two sentences. */
  readonly summary: string;
  /** How long the search watched. */
  readonly watchedMs: number;
  /** For how long the search blocked the event loop. Sampling also makes allocations slower meanwhile: docs/verdicts.md. */
  readonly costMs: number;
}

const DEFAULT_SECONDS = 30;
/** One sample for so many bytes allocated. One for 64 KB cost a loop that only allocates 10 to 28 % of CPU time. */
const SAMPLE_BYTES = 128 * 1024;
const MOST = 10;
/** A class must grow by this many objects to be named. */
const MIN_OBJECTS = 100;

const schema = options({ seconds: optional(number(0.1, 3600), DEFAULT_SECONDS) });

const nameOf = (site: { functionName: string }): string => site.functionName || "an anonymous function";
const keyOf = (site: AllocationSite): string =>
  `${site.functionName} ${site.file}:${site.line}:${site.column}`;

/** @internal What grew from one profile to the next. */
export function grownSites(
  before: readonly AllocationSite[],
  after: readonly AllocationSite[],
): CulpritSite[] {
  const earlier = new Map(before.map((site) => [keyOf(site), site.bytes]));
  const grown = after
    .map((site) => ({ site, grownBytes: site.bytes - (earlier.get(keyOf(site)) ?? 0) }))
    .filter(({ grownBytes }) => grownBytes > 0)
    .sort((a, b) => b.grownBytes - a.grownBytes);
  const all = grown.reduce((sum, { grownBytes }) => sum + grownBytes, 0);
  return grown.slice(0, MOST).map(({ site: { bytes: _, ...site }, grownBytes }) => ({
    ...site,
    grownBytes,
    shareRatio: grownBytes / all,
  }));
}

/** @internal */
export function grownClasses(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): CulpritClass[] {
  return Object.entries(after)
    .map(([name, count]) => ({
      name,
      grownObjects: count - (Object.hasOwn(before, name) ? before[name]! : 0),
    }))
    .filter(({ grownObjects }) => grownObjects >= MIN_OBJECTS)
    .sort((a, b) => b.grownObjects - a.grownObjects)
    .slice(0, MOST);
}

/** Of a package, or of the runtime itself: those scripts have a scheme that is none of files. */
const FOREIGN = /\bnode_modules\b|\((?!file:|https?:)[a-z]{2,}:(?!\d)/;

/** The nearest caller of the program's own: a callback without a name says little. */
function calledBy({ functionName, file, line, callers }: CulpritSite): string {
  if (functionName !== "") return "";
  const own = callers.find((caller) => !FOREIGN.test(caller) && !caller.includes(`${file}:${line})`));
  return own === undefined ? "" : `, called by ${own.replace("(anonymous)", "an anonymous function")},`;
}

/** @internal */
export function inOneSentence(
  sites: readonly CulpritSite[],
  classes: readonly CulpritClass[],
  ms: number,
): string {
  const [site] = sites;
  if (site) {
    const share = Math.round(site.shareRatio * 100);
    return `${nameOf(site)} at ${site.file}:${site.line}${calledBy(site)} allocated ${size(site.grownBytes)} that stayed over ${duration(ms)}, ${share} % of all growth.`;
  }
  const [first] = classes;
  if (first) return `${first.grownObjects} more objects of class ${first.name} after ${duration(ms)}.`;
  return `Nothing that grew was seen in ${duration(ms)}.`;
}

/** Half of what routes leave, or more, by one of them. */
function byRoute([first]: readonly CulpritRoute[] = []): string {
  if (first === undefined || first.shareRatio < 0.5) return "";
  return ` Of the routes, ${first.route} leaves the most behind: ${Math.max(1, Math.round(first.keptBytes / 1024))} KB a request.`;
}

/** Finds the code that allocates what stays alive. One search at a time: a second call gets the result of the first. */
export class CulpritFinder {
  readonly #port: RuntimePort;
  readonly #watchRoutes: (() => () => SurvivorsFound) | undefined;
  #running: Promise<Culprit> | undefined;
  /** Of a search that nobody waits for: whether it was ended, and what ends its wait. */
  #ended = false;
  #endWait: (() => void) | undefined;
  /** The last answer. */
  last: Culprit | undefined;

  /** @param watchRoutes begins to watch the routes; what it answers ends that and tells what was found */
  constructor(port: RuntimePort, watchRoutes?: () => () => SurvivorsFound) {
    this.#port = port;
    this.#watchRoutes = watchRoutes;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /**
   * @param awaited the process stays alive until the answer is there
   * @throws `INVALID_OPTION`; `CLOSED` where `stop` ended it
   */
  find(given?: FindCulpritOptions, awaited = true): Promise<Culprit> {
    const { seconds } = parseOptions("findCulprit", schema, given);
    this.#running ??= this.#start(seconds * 1000, awaited);
    return this.#running;
  }

  #start(ms: number, awaited: boolean): Promise<Culprit> {
    this.#ended = false;
    return this.#search(ms, awaited).finally(() => {
      this.#running = undefined;
      this.#endWait = undefined;
    });
  }

  /** Ends a search that nobody waits for, and its sampling with it. */
  stop(): void {
    this.#ended = true;
    this.#endWait?.();
  }

  async #search(ms: number, awaited: boolean): Promise<Culprit> {
    const port = this.#port;
    const startMs = port.now();
    let costMs = 0;
    const timed = async <T>(task: () => T | Promise<T>): Promise<T> => {
      const start = port.now();
      const result = await task();
      costMs += port.now() - start;
      return result;
    };
    let sites: CulpritSite[] = [];
    let classes: CulpritClass[] = [];
    const profile = port.capabilities.allocationSites.available
      ? await timed(() => port.profileAllocations(SAMPLE_BYTES))
      : undefined;
    let endRoutes: (() => SurvivorsFound) | undefined;
    let routes: SurvivorsFound | undefined;
    try {
      endRoutes = this.#watchRoutes?.();
      if (profile) {
        // What is made and kept in the first third may still be on its way out in the rest.
        await this.#wait(ms / 3, awaited);
        const before = await timed(() => profile.take());
        await this.#wait((ms * 2) / 3, awaited);
        sites = grownSites(before, await timed(() => profile.take()));
      } else {
        const before = await timed(() => port.countClasses());
        await this.#wait(ms, awaited);
        const after = await timed(() => port.countClasses());
        if (before && after) classes = grownClasses(before, after);
      }
    } finally {
      routes = endRoutes?.();
      await profile?.close();
    }
    const watchedMs = port.now() - startMs;
    const summary = inOneSentence(sites, classes, watchedMs) + byRoute(routes?.routes);
    const found = sites.length + classes.length > 0;
    this.last = {
      found,
      sites,
      classes,
      routes: routes?.routes,
      routesReason: routes ? routes.reason : "requests are not watched",
      summary,
      watchedMs,
      costMs: costMs + (routes?.costMs ?? 0),
    };
    return this.last;
  }

  #wait(ms: number, awaited: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => reject(new VelithonError("CLOSED", "the optimizer was disabled during the search"));
      if (!awaited && this.#ended) return end();
      const timer = this.#port.after(ms, resolve, awaited);
      if (awaited) return;
      this.#endWait = () => {
        timer.close();
        end();
      };
    });
  }
}
