/**
 * Who is let in while memory is short, apart from any web framework.
 *
 * @module
 */
import type * as v from "valibot";
import { show } from "../shared/errors.ts";
import { having, integer, isRecord, optional } from "../shared/options.ts";
import type { RuntimePort } from "../shared/port.ts";
import { PRIORITIES, type Priority } from "./admission.ts";
import type { PressureControl } from "./control.ts";

/** `exempt` requests are never refused. */
export type RoutePriority = Priority | "exempt";

/** Which requests are refused first, and what they are told. */
export interface SheddingOptions {
  /**
   * Priority by path, exact or ending in `/*` for all paths below and itself. The first match decides. If none matches,
   * `/health/*`, `/metrics` and `/memory/*` are exempt.
   */
  routes?: Readonly<Record<string, RoutePriority>> | undefined;
  /** Priority of all other routes: `low` is refused from elevated on, `normal` from between elevated and high, `high` close to critical. Default `normal`. */
  priority?: RoutePriority | undefined;
  /** `Retry-After` is a random whole number between this and twice this, so that clients do not all return at once. Default 5. */
  retryAfterSeconds?: number | undefined;
}

const ALWAYS_EXEMPT: readonly [string, RoutePriority][] = [
  ["/health/*", "exempt"],
  ["/metrics", "exempt"],
  ["/memory/*", "exempt"],
];

/** Of a path, and of all below it. */
interface Rule {
  readonly path: string;
  readonly below: boolean;
  readonly priority: RoutePriority;
}

const isPriority = (value: unknown): value is RoutePriority =>
  value === "exempt" || PRIORITIES.includes(value as Priority);

const PRIORITY = "low, normal, high or exempt";

/** The first entry of `routes` that does not fit. */
const wrongRoute = (routes: object): [path: string, priority: unknown] | undefined =>
  Object.entries(routes).find(([path, priority]) => !(path.startsWith("/") && isPriority(priority)));

function acceptedRoutes(given: unknown): string {
  const accepted = `an object of paths that begin with / and ${PRIORITY}`;
  const wrong = isRecord(given) ? wrongRoute(given) : undefined;
  return wrong === undefined ? accepted : `${accepted}, which ${show(wrong[0])}: ${show(wrong[1])} is not`;
}

type Field<T, Default> = v.OptionalSchema<v.GenericSchema<unknown, T>, Default>;

/** For `options({ ... })` of whoever takes these options. */
export const sheddingFields: {
  routes: Field<Readonly<Record<string, RoutePriority>>, undefined>;
  priority: Field<RoutePriority, "normal">;
  retryAfterSeconds: Field<number, 5>;
} = {
  routes: optional(
    having<Readonly<Record<string, RoutePriority>>>(
      acceptedRoutes,
      (value) => isRecord(value) && wrongRoute(value) === undefined,
    ),
  ),
  priority: optional(having<RoutePriority>(PRIORITY, isPriority), "normal"),
  retryAfterSeconds: optional(integer(1, 3600), 5),
};

/** Not governed: the request goes on, and nothing follows. */
const EXEMPT: number = -1;
/** Turned away. */
export const SHED: number = -2;

/** A client that takes longer to send its body is answered before. */
const BODY_WITHIN_MS = 5000;

/** The decision on a request, for a middleware or a plain fetch handler. */
export class LoadShedder {
  readonly #pressure: PressureControl;
  readonly #port: RuntimePort;
  readonly #rules: readonly Rule[];
  readonly #priority: RoutePriority;
  readonly #retryAfterSeconds: number;

  constructor(
    { pressure, port }: { readonly pressure: PressureControl; readonly port: RuntimePort },
    given: {
      readonly routes?: Readonly<Record<string, RoutePriority>> | undefined;
      readonly priority: RoutePriority;
      readonly retryAfterSeconds: number;
    },
  ) {
    this.#pressure = pressure;
    this.#port = port;
    this.#priority = given.priority;
    this.#retryAfterSeconds = given.retryAfterSeconds;
    this.#rules = [...Object.entries(given.routes ?? {}), ...ALWAYS_EXEMPT].map(([pattern, priority]) => {
      const below = pattern.endsWith("/*");
      return { path: below ? pattern.slice(0, -2) : pattern, below, priority };
    });
  }

  priorityOf(path: string): RoutePriority {
    for (const rule of this.#rules) {
      if (path === rule.path) return rule.priority;
      if (rule.below && path.startsWith(rule.path) && path.charCodeAt(rule.path.length) === 47)
        return rule.priority;
    }
    return this.#priority;
  }

  /**
   * The decision.
   *
   * @param declaredBytes the body's, as `Content-Length` says; 0 where there is none
   * @returns `EXEMPT`, `SHED`, or what `leave` must be called with once the request is over
   */
  enter(path: string, declaredBytes: number): number {
    const priority = this.priorityOf(path);
    if (priority === "exempt") return EXEMPT;
    return this.#pressure.admit(priority, declaredBytes) ? declaredBytes : SHED;
  }

  leave(entered: number): void {
    if (entered >= 0) this.#pressure.leave(entered);
  }

  /** The answer to a request that is turned away, for a server that knows no `Response`. */
  refused(): { readonly status: number; readonly headers: Record<string, string>; readonly text: string } {
    const seconds = Math.floor(this.#retryAfterSeconds * (1 + this.#port.random()));
    return {
      status: 503,
      headers: {
        "retry-after": String(seconds),
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
      },
      text: "overloaded, try again later\n",
    };
  }

  /** The same for others, once the body has come where the server needs that: `environment` is hono's `c.env`. */
  refusal(environment: unknown): Response | Promise<Response> {
    const make = (): Response => {
      const { status, headers, text } = this.refused();
      return new Response(text, { status, headers });
    };
    const come = this.#port.discardBody?.(environment);
    if (come === undefined) return make();
    return new Promise((resolve) => {
      const answer = (): void => {
        limit.close();
        resolve(make());
      };
      const limit = this.#port.after(BODY_WITHIN_MS, answer);
      come.then(answer);
    });
  }
}

/** The body that a request declares, in bytes; 0 where it declares none. */
export function declaredBytes(method: string, contentLength: string | null | undefined): number {
  if (method === "GET" || method === "HEAD" || !contentLength) return 0;
  const bytes = Number(contentLength);
  return bytes > 0 && bytes < Number.POSITIVE_INFINITY ? bytes : 0;
}
