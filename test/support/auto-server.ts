import type { GovernorObjective, GovernorStats } from "../../src/index.ts";
import { type Governed, governed, setOld } from "./governed.ts";
import { Random } from "./random.ts";

const MB = 1024 * 1024;

/**
 * A server with on/off traffic, 20 requests a second in a burst of 100 ms. Its old generation grows by 10 MB
 * a burst; the engine collects it at 100 MB by itself, inside a request, which then takes `stallMs`.
 */
export class Server {
  readonly g: Governed;
  readonly #random = new Random(20_261_127);
  readonly #stallMs: number;
  /** Ms of CPU time that a request takes for some time after a collection of ours. */
  readonly #afterCostMs: number;
  #old = 50;
  #slow = 0;
  cycles = 0;
  /** Stages and arms seen, in order of appearance. */
  readonly seen: Set<string> = new Set();

  constructor(objective: GovernorObjective, stallMs: number, afterCostMs = 0) {
    this.#stallMs = stallMs;
    this.#afterCostMs = afterCostMs;
    this.g = governed({ policy: "auto", objective });
    this.g.port.random = () => this.#random.next();
    this.g.port.freedBytes.major = 40 * MB;
    this.g.port.onCollect = () => {
      this.#old = 50;
      this.#slow = 40;
      this.g.port.cpuMs! += 5;
      setOld(this.g.port, 50);
    };
  }

  get stats(): GovernorStats {
    return this.g.optimizer.getMemoryStats().governor;
  }

  cycle(): void {
    const { port, optimizer } = this.g;
    this.cycles += 1;
    this.#old += 10;
    let stall = 0;
    if (this.#old >= 100) {
      this.#old = 50;
      stall = this.#stallMs * (0.5 + this.#random.next());
    }
    setOld(port, this.#old);
    for (let i = 0; i < 20; i++) {
      const request = optimizer.requests.start();
      port.advance(1 + (i === 10 ? stall : 0) + this.#random.next());
      optimizer.requests.end(request);
      port.cpuMs! += 10 + (this.#slow > 0 ? this.#afterCostMs : 0);
      if (this.#slow > 0) this.#slow -= 1;
      port.advance(4);
    }
    port.advance(900);
    const { experiment } = this.stats;
    this.seen.add(experiment!.stage);
  }

  /** Until the first conclusion. */
  run(most: number): void {
    while (this.stats.experiment!.concluded.length === 0 && this.cycles < most) this.cycle();
  }
}
