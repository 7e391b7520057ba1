import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Suggestion } from "../../src/index.ts";
import { pinned } from "../pin.ts";
import { command, type Runtime } from "../runtimes.ts";
import { type Arm, type ArmName, arms } from "./arms.ts";
import type { Answers, ClosedLoad, OpenLoad } from "./generate.ts";
import type { Pause, ServerReport } from "./server-report.ts";
import type { Workload } from "./workloads.ts";

/** A child that answers each line of its input with one line. */
class Child {
  readonly process: ChildProcess;
  readonly #lines: Interface;
  readonly #ended: Promise<never>;

  constructor(bin: string, args: readonly string[]) {
    this.process = spawn(bin, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    });
    this.#lines = createInterface({ input: this.process.stdout! });
    this.#ended = new Promise((_, reject) => {
      this.process.once("error", reject);
      this.process.once("exit", (code, signal) =>
        reject(new Error(`${args.at(-2)} ${args.at(-1)} ended with ${signal ?? `exit code ${code}`}`)),
      );
    });
    this.#ended.catch(() => {});
  }

  async line(): Promise<string> {
    const [line] = (await Promise.race([once(this.#lines, "line"), this.#ended])) as [string];
    return line;
  }

  ask(line: string): Promise<string> {
    const answer = this.line();
    this.process.stdin!.write(`${line}\n`);
    return answer;
  }

  kill(): void {
    this.process.kill("SIGKILL");
  }
}

export class LoadGenerator {
  readonly #child: Child;

  constructor() {
    const { bin, args } = command("node", "tail/generate.js", false);
    this.#child = new Child(...pinned(bin, args, "last"));
  }

  async run(load: OpenLoad | ClosedLoad): Promise<Answers> {
    return JSON.parse(await this.#child.ask(JSON.stringify(load))) as Answers;
  }

  close(): void {
    this.#child.kill();
  }
}

export class Server {
  readonly #child: Child;
  readonly port: number;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(
    runtime: Runtime,
    name: string,
    workload: Workload,
    armName: ArmName,
    flags: readonly string[] = [],
  ): Promise<Server> {
    const { bin, args } = command(runtime, "tail/serve.js", false);
    const given = [workload, arms[armName] as Arm].flatMap((one) => one.flags?.[runtime] ?? []);
    const [pinnedBin, pinnedArgs] = pinned(
      bin,
      [...given, ...flags, ...args, name, armName],
      workload.unpinned ? "any" : "first",
    );
    const child = new Child(pinnedBin, pinnedArgs);
    return new Server(child, Number(await child.line()));
  }

  get pid(): number {
    return this.#child.process.pid!;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  async begin(): Promise<void> {
    await this.#child.ask("begin");
  }

  async report(): Promise<ServerReport> {
    return JSON.parse(await this.#child.ask("report")) as ServerReport;
  }

  /** What the optimizer knows; an empty object where there is none. */
  async stats(): Promise<object> {
    return JSON.parse(await this.#child.ask("stats")) as object;
  }

  /** What the advisor has said so far; nothing where there is none. */
  async advice(): Promise<readonly Suggestion[]> {
    return JSON.parse(await this.#child.ask("advice")) as readonly Suggestion[];
  }

  /** Of an arm that notes its pauses. */
  async pauses(): Promise<readonly Pause[]> {
    return JSON.parse(await this.#child.ask("pauses")) as readonly Pause[];
  }

  close(): void {
    this.#child.kill();
  }
}
