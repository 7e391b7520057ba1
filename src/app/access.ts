/**
 * Who may see details and who may act. A token or a function decides; without either, local reads alone.
 *
 * @module
 */
import type { Context, MiddlewareHandler, Next } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import type * as v from "valibot";
import { type ErrorCode, show, VelithonError } from "../shared/errors.ts";
import { boolean, callable, having, optional, options, parseOptions } from "../shared/options.ts";
import type { RuntimePort } from "../shared/port.ts";
import { requirePort } from "../shared/runtime.ts";
import { Throttle } from "./throttle.ts";

/** `read`: details, dashboard, metrics. `act`: a clean-up, a collection. */
export type Permission = "read" | "act";

/** Whether this request is allowed; an error that it throws counts as no. */
export type Authorizer = (request: Request, permission: Permission) => boolean | Promise<boolean>;

/** Who may see details and start actions. */
export interface AccessOptions {
  /** True: the server listens on a loopback address only, so local callers see details without a token. Default false. */
  loopback?: boolean | undefined;
  /** `Authorization: Bearer` with this token opens details and actions from anywhere. Default `VELITHON_ADMIN_TOKEN`. */
  token?: string | undefined;
  /** Decides on every request without the right token, including local ones. Default: none. */
  authorize?: Authorizer | undefined;
}

/** Parsed here for whoever takes these; a token's value belongs in no message, so `checkToken` looks at it. */
const schema = options({
  loopback: optional(boolean(), false),
  token: optional(having<string>("a string", (value) => typeof value === "string")),
  authorize: optional(callable<Authorizer>()),
});

/** For the schema of whoever takes these options and hands them on. */
export function checkedByAccess<T>(): v.OptionalSchema<v.GenericSchema<unknown, T>, undefined> {
  return optional(
    having<T>("anything", () => true),
    undefined,
  );
}

/** Actions: so many at once, then one each so many ms. A major collection costs up to 200 ms. */
const ACTIONS = { burst: 3, refillMs: 10_000 };

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
/** What proxies, tunnels and content networks add to what they pass on. */
const FORWARDED =
  /^(forwarded|via|x-forwarded.*|x-real-ip|x-client-ip|x-cluster-client-ip|x-original-.*|x-envoy-.*|true-client-ip|fastly-client-ip|cf-.*|cdn-loop)$/;
const TOKEN = /^[!-~]{16,200}$/;

/** Whether an address to listen on is reachable from this machine alone. @throws `INVALID_OPTION` for what is no string */
export function isLoopback(host: string): boolean {
  if (typeof host !== "string")
    throw new VelithonError("INVALID_OPTION", `isLoopback: host is ${show(host)}; accepted: a string`);
  return LOOPBACK.test(host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
}

/** A token that nobody guesses: 24 random bytes. */
export function makeToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

function checkToken(where: string, code: ErrorCode, token: string): string {
  if (TOKEN.test(token)) return token;
  throw new VelithonError(
    code,
    `${where} has ${show(token.length)} characters, or some that a header cannot contain; accepted: 16 to 200 visible ASCII characters`,
  );
}

/** `VELITHON_ADMIN_TOKEN`. @throws `INVALID_ENVIRONMENT`, without the value; `INVALID_OPTION` for what is no port */
export function adminToken(port: RuntimePort): string | undefined {
  requirePort("adminToken", port);
  const token = port.environmentVariable("VELITHON_ADMIN_TOKEN")?.trim();
  return token ? checkToken("VELITHON_ADMIN_TOKEN", "INVALID_ENVIRONMENT", token) : undefined;
}

/** Called by a loopback name, past nothing that passes requests on, and by no page of another site. */
function isLocal(c: Context): boolean {
  const { headers } = c.req.raw;
  if (!LOOPBACK.test(headers.get("host") ?? "") || headers.get("sec-fetch-site") === "cross-site")
    return false;
  // nginx as it comes adds no header of its own and names the server as its host, but ends each connection.
  if (/\bclose\b/i.test(headers.get("connection") ?? "")) return false;
  for (const name of headers.keys()) if (FORWARDED.test(name)) return false;
  return true;
}

/** A browser says where a request comes from; who says nothing is no page. */
function isOwnOrigin(c: Context): boolean {
  const { headers } = c.req.raw;
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  if (origin === null) return true;
  return URL.canParse(origin) && new URL(origin).host === headers.get("host")?.toLowerCase();
}

/** Who may see details and who may act; and the answers that others get, which tell them nothing. */
export class Access {
  readonly #loopback: boolean;
  readonly #token: string | undefined;
  readonly #authorize: Authorizer | undefined;
  readonly #actions: Throttle;

  /** @throws `INVALID_OPTION`, `INVALID_ENVIRONMENT` for a token that is none */
  constructor(where: string, given: AccessOptions, port: RuntimePort) {
    const { loopback, token, authorize } = parseOptions(where, schema, given);
    this.#loopback = loopback;
    this.#token =
      token === undefined ? adminToken(port) : checkToken(`${where}: token`, "INVALID_OPTION", token);
    this.#authorize = authorize;
    this.#actions = new Throttle(() => port.now(), ACTIONS);
  }

  /** Whether a token or a function is there, so that anybody may act at all. */
  get mayOpen(): boolean {
    return this.#token !== undefined || this.#authorize !== undefined;
  }

  /** Compares tokens in a time that tells nothing of how much of them is right. */
  async allows(c: Context, permission: Permission): Promise<boolean> {
    const given = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (given !== undefined && this.#token !== undefined && (await timingSafeEqual(given, this.#token))) {
      return true;
    }
    if (this.#authorize) {
      try {
        return (await this.#authorize(c.req.raw, permission)) === true;
      } catch {
        return false;
      }
    }
    if (permission === "act" || !this.#loopback) return false;
    // A wrong token is a mistake that its sender should hear of.
    return (c.req.header("authorization") === undefined || this.#token === undefined) && isLocal(c);
  }

  /** Lets those pass who may see details. */
  readonly reading: MiddlewareHandler = async (c, next) => {
    if (await this.allows(c, "read")) return await this.#pass(c, next);
    return this.#refuse(c, "only local callers may see this");
  };

  /** Lets those pass who may act, from a page of this server or from no page, a few times a minute. */
  readonly acting: MiddlewareHandler = async (c, next) => {
    if (!isOwnOrigin(c)) return c.json({ error: "asked for by a page of another origin" }, 403);
    if (!(await this.allows(c, "act"))) return this.#refuse(c, "set VELITHON_ADMIN_TOKEN to allow actions");
    const waitMs = this.#actions.take();
    if (waitMs === 0) return await this.#pass(c, next);
    c.header("retry-after", String(Math.ceil(waitMs / 1000)));
    return c.json({ error: "too many actions" }, 429);
  };

  async #pass(c: Context, next: Next): Promise<void> {
    await next();
    c.header("cache-control", "no-store");
  }

  #refuse(c: Context, withoutToken: string): Response {
    if (!this.mayOpen) return c.json({ error: withoutToken }, 403);
    if (this.#token === undefined) return c.json({ error: "not allowed" }, 403);
    c.header("www-authenticate", 'Bearer realm="velithon"');
    return c.json({ error: "a bearer token is needed" }, 401);
  }
}
