import type { Context } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";

export interface AccessOptions {
  /** The server listens on a loopback address only. */
  loopback: boolean;
  /** `Authorization: Bearer` with this token opens the details from anywhere. */
  token?: string | undefined;
}

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const FORWARDED = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "via",
];

/** Whether an address to listen on is reachable from this machine alone. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host.includes(":") && !host.startsWith("[") ? `[${host}]` : host);
}

/**
 * Whether a request may see details. Without the token: only where the server listens on loopback, is
 * called by a loopback name, and nothing says that a proxy passed the request on, so that a proxy, a tunnel
 * or a rebound name on the same machine opens nothing.
 */
export async function maySeeDetails(c: Context, options: AccessOptions): Promise<boolean> {
  const given = c.req.header("authorization");
  if (options.token !== undefined && given !== undefined) {
    return timingSafeEqual(given, `Bearer ${options.token}`);
  }
  return (
    options.loopback &&
    LOOPBACK.test(c.req.header("host") ?? "") &&
    FORWARDED.every((name) => c.req.header(name) === undefined)
  );
}
