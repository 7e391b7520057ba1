import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import type { Client } from "../load/open-loop.ts";

/** How long an app may take to listen and to say that it is ready. */
const START_LIMIT_MS = 30_000;
/** How long it may take to stop by itself. */
const STOP_LIMIT_MS = 3000;
/** How long its last words may take once it has ended. */
const WORDS_LIMIT_MS = 500;
const POLL_MS = 50;
/** What is kept of its errors. */
const LAST_WORDS = 2000;

/** As `velithon/register` says it. */
const ADMIN = /^velithon: .*dashboard: (http:\S+)\/memory$/m;
/** What it says there, which is no word of the app. */
const OURS = /^velithon: (?:governing|admin token).*\n/gm;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function takesConnections({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port || 80), hostname.replace(/^\[|\]$/g, ""));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** The app in a process of its own, from its first answer to its end. */
export class App {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #end: string | undefined;
  #words = "";
  #admin: string | undefined;

  private constructor({ program, args, variables }: Command, environment: NodeJS.ProcessEnv) {
    this.#child = spawn(program, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...environment, ...variables },
    });
    running.add(this.#child);
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#words += text;
      this.#admin ??= ADMIN.exec(this.#words)?.[1];
      this.#words = this.#words.replace(OURS, "").slice(-LAST_WORDS);
    });
    this.#ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.#end ??= how;
        running.delete(this.#child);
        resolve();
      };
      this.#child.once("error", (error) => end(`cannot be started: ${error.message}`));
      this.#child.once("exit", (code, signal) => {
        const how = `ended with ${signal ?? `exit code ${code}`}`;
        this.#child.once("close", () => end(how));
        // A process that it left behind may hold its pipe open.
        setTimeout(end, WORDS_LIMIT_MS, how).unref();
      });
    });
  }

  /** @throws `UsageError` where it does not get to answer `url` */
  static async start(
    command: Command,
    environment: NodeJS.ProcessEnv,
    url: string,
    client: Client,
    limitMs: number = START_LIMIT_MS,
  ): Promise<App> {
    if (await takesConnections(new URL(url))) {
      throw new UsageError(
        `bench: something listens at ${new URL(url).host} already; stop it, or name another address by --url`,
      );
    }
    const app = new App(command, environment);
    try {
      await app.#answers(url, client, environment.PORT, limitMs);
    } catch (error) {
      await app.stop();
      throw error;
    }
    return app;
  }

  async #answers(url: string, client: Client, port: string | undefined, limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    let last: number | undefined;
    while (performance.now() < until) {
      this.check();
      last = await new Promise<number | undefined>((resolve) => client.send(url, undefined, resolve));
      if (last !== undefined && last < 400) return;
      // Not ready yet.
      if (last !== undefined && last !== 503) break;
      await sleep(POLL_MS);
    }
    this.check();
    if (last !== undefined)
      throw new UsageError(`bench: the app answers ${url} with ${last}; name a path that it serves`);
    const told = port === undefined ? "" : ` (PORT was ${port})`;
    throw new UsageError(
      `bench: the app does not answer at ${new URL(url).host} after ${limitMs / 1000} s${told}; name its address by --url${this.#said()}`,
    );
  }

  #said(): string {
    const words = this.#words.trim();
    return words === "" ? "" : `; it said:\n${words}`;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Where `velithon/register` serves its statistics; `undefined` without. */
  get admin(): string | undefined {
    return this.#admin;
  }

  /** @throws `UsageError` once it has ended, with its last words */
  check(): void {
    if (this.#end !== undefined) throw new UsageError(`bench: the app ${this.#end}${this.#said()}`);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const late = sleep(STOP_LIMIT_MS, "late", { ref: false });
    if ((await Promise.race([this.#ended, late])) === "late") this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
