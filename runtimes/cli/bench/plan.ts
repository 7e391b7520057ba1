import { createServer } from "node:net";
import process from "node:process";
import { ACCEPTED_POLICIES, fitsPolicy } from "../../../src/governor/options.ts";
import { readArguments, UsageError } from "../arguments.ts";
import { appAmong, flagsAmong } from "../command.ts";
import type { Arrivals } from "../load/arrivals.ts";

/** What is asked for, checked. */
export interface BenchPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly flags: readonly string[];
  readonly url: string;
  /** Given to the app as `PORT`; `undefined`: the app knows where to listen. */
  readonly port: number | undefined;
  readonly arrivals: Arrivals;
  /** While requests arrive. */
  readonly perSecond: number;
  readonly windowMs: number;
  readonly warmUpMs: number;
  readonly rounds: number;
  /** As `VELITHON_POLICY` takes it. */
  readonly policy: string;
  readonly seed: number;
}

const NUMBERS = {
  rate: { otherwise: 100, min: 1, max: 100_000, whole: false },
  seconds: { otherwise: 10, min: 1, max: 3600, whole: false },
  rounds: { otherwise: 5, min: 3, max: 100, whole: true },
  seed: { otherwise: 1, min: 1, max: 2 ** 31 - 1, whole: true },
} as const;

const BURSTS: Arrivals = { kind: "on-off", onMs: 400, offMs: 600 };
const MOST_WARM_UP_MS = 3000;

function numeric(name: keyof typeof NUMBERS, text: unknown): number {
  const { otherwise, min, max, whole } = NUMBERS[name];
  if (text === undefined) return otherwise;
  const value = text === "" ? Number.NaN : Number(text);
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `bench: --${name} is "${text}"; accepted: a ${whole ? "whole " : ""}number from ${min} to ${max}`,
  );
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:") return url.href;
  throw new UsageError(`bench: --url is "${text}"; accepted: an address such as http://127.0.0.1:3000/path`);
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** `undefined`: help was asked for. @throws `UsageError` */
export async function readPlan(args: string[]): Promise<{ plan: BenchPlan | undefined; json: boolean }> {
  const text = { type: "string" } as const;
  const { values, positionals } = readArguments(
    "bench",
    args,
    {
      url: text,
      path: text,
      policy: text,
      rate: text,
      seconds: text,
      rounds: text,
      seed: text,
      bursts: { type: "boolean" },
      flag: { type: "string", multiple: true },
    },
    { passOn: true },
  );
  const json = values.json === true;
  if (values.help) return { plan: undefined, json };
  const [file, appArgs] = appAmong("bench", positionals);
  const [rate, seconds, rounds, seed] = (["rate", "seconds", "rounds", "seed"] as const).map((name) =>
    numeric(name, values[name]),
  ) as [number, number, number, number];
  const policy = (values.policy as string | undefined) ?? "auto";
  if (!fitsPolicy(policy.split(","))) {
    throw new UsageError(`bench: --policy is "${policy}"; accepted: ${ACCEPTED_POLICIES}`);
  }
  if (values.url !== undefined && values.path !== undefined) {
    throw new UsageError("bench: --url and --path; accepted: one of them, as --url has a path of its own");
  }
  const path = (values.path as string | undefined) ?? "/";
  if (!path.startsWith("/"))
    throw new UsageError(`bench: --path is "${path}"; accepted: one that begins with /`);
  const url = values.url === undefined ? undefined : addressOf(values.url as string);
  const port = url === undefined ? await freePort() : undefined;
  const windowMs = seconds * 1000;
  return {
    json,
    plan: {
      file,
      args: appArgs,
      flags: flagsAmong("bench", values.flag),
      url: url ?? addressOf(`http://127.0.0.1:${port}${path}`),
      port,
      arrivals: values.bursts ? BURSTS : { kind: "poisson" },
      perSecond: rate,
      windowMs,
      warmUpMs: Math.min(MOST_WARM_UP_MS, windowMs / 3),
      rounds,
      policy,
      seed,
    },
  };
}

/** Variables for the app: in a window with the governor, and in one without. */
export function variablesOf(
  { port, policy }: Pick<BenchPlan, "port" | "policy">,
  governed: boolean,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NO_COLOR: "1",
    ...(port === undefined ? {} : { PORT: String(port) }),
    ...(governed
      ? { VELITHON_POLICY: policy, VELITHON_MEMORY_OPTIMIZATION: "true", VELITHON_ADMIN_PORT: "0" }
      : {}),
  };
}
