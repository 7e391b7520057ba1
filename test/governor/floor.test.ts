import { test } from "uvu";
import * as assert from "uvu/assert";
import { type GovernorOptions, governFetch } from "../../src/index.ts";
import { GovernedRequest } from "../../src/requests/governed.ts";
import type { ResponseWatcher } from "../../src/shared/port.ts";
import { floor } from "../support/floor.ts";
import { type Governed, governed, setOld } from "../support/governed.ts";
import { loadPort } from "../support/port.ts";

const TRIES = 20;
const REQUESTS = 2000;
const BATCHES = 51;
/** Batches from one silence to the next. */
const ACTIVE = 10;
const ROUNDS = 10;
const ROUND_REQUESTS = 50_000;
/** V8's smallest object takes 24 bytes; a number that it keeps in a box or not, as it compiles, 16. */
const NOTHING_BYTES = 20;
const real = await loadPort();
const measured = real.readHeapUsedBytes() === undefined ? test.skip : test;

const ACTING: readonly GovernorOptions[] = [
  { policy: ["quiet", "watermark", "trim"] },
  { policy: "auto", objective: "memory" },
];

interface Path {
  readonly g: Governed;
  /** One request. */
  readonly send: () => void;
}

/**
 * An optimizer whose collections gain much, so that policies go on acting. Nobody measures one request in 64 for
 * `topRoutes`, which makes a text and an object.
 */
function acting(governor: GovernorOptions): Governed {
  const g = governed(governor, { lacks: ["heapUsed"] });
  Object.defineProperty(g.optimizer.requests, "sampling", { value: false });
  g.port.onCollect = () => setOld(g.port, 50);
  return g;
}

function bare(governor: GovernorOptions): Path {
  const g = acting(governor);
  const { port, optimizer } = g;
  const send = (): void => {
    const request = optimizer.requests.start();
    port.nowMs += 1.5;
    optimizer.requests.end(request);
  };
  return { g, send };
}

/** Through `governFetch`, by a server that announces the end and makes nothing of its own for a request. */
function fetched(governor: GovernorOptions): Path {
  const g = acting(governor);
  const { port, optimizer } = g;
  const environment: { watcher?: ResponseWatcher } = {};
  port.onResponseEnd = (_environment, watcher) => {
    environment.watcher = watcher;
    return true;
  };
  const request = new Request("http://host/orders/12");
  const response = new Response("ok");
  const fetch = governFetch((_request: Request, _environment: unknown) => response, { optimizer });
  const send = (): void => {
    fetch(request, environment);
    port.nowMs += 1.5;
    environment.watcher?.responseEnded(true);
  };
  return { g, send };
}

/** No request for a while, and much to gain: the policies look, and act. */
function silence({ port }: Governed): void {
  port.cpuMs! += 1000;
  setOld(port, 120);
  port.advance(12_000);
  port.collections.length = 0;
}

/** How often its policies collected, or held back by the coin of the experiment. */
function actions({ optimizer }: Governed): number {
  const done = Object.values(optimizer.getMemoryStats().governor.actions);
  return done.reduce((sum, { performed, held }) => sum + performed + held, 0);
}

/** Bytes on the heap for each call of `act`: the median over batches, since the engine may collect in some of them. */
function bytesPerCall(act: () => void, between?: () => void): number {
  const batches: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    if (batch % ACTIVE === 0) between?.();
    const before = real.readHeapUsedBytes()!;
    for (let i = 0; i < REQUESTS; i++) act();
    batches.push((real.readHeapUsedBytes()! - before) / REQUESTS);
  }
  return batches.sort((a, b) => a - b)[BATCHES >> 1]!;
}

/** The least of some tries: the engine compiles what is hot in its own time, and boxes numbers until then. */
function leastBytes(enough: number, act: () => void, between?: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && least > enough; i++) least = Math.min(least, bytesPerCall(act, between));
  return least;
}

const kept: { request?: GovernedRequest } = {};

for (const make of [bare, fetched]) {
  measured(`${make.name}: a request allocates its own object, and no policy anything beside it`, () => {
    // With the core of one optimizer alone the engine compiles calls into it otherwise than with those of several.
    leastBytes(0, make({ policy: "observe" }).send);
    const { g, send } = make({ policy: "observe" });
    const object = leastBytes(0, () => {
      kept.request = new GovernedRequest(g.optimizer.requests, g.port.nowMs);
      g.port.nowMs += 1.5;
    });
    const alone = leastBytes(0, send, () => silence(g));
    g.optimizer.disable();
    // Fewer where the engine finds that nobody keeps the object, and makes none.
    const enough = object + NOTHING_BYTES;
    assert.ok(alone < enough, `${alone} bytes a request, of which its object takes ${object}`);
    for (const governor of ACTING) {
      const { g, send } = make(governor);
      const bytes = leastBytes(enough, send, () => silence(g));
      g.optimizer.disable();
      assert.ok(
        bytes < enough,
        `${governor.policy}: ${bytes} bytes a request, of which its object takes ${object}`,
      );
      assert.ok(actions(g) > 0, `${governor.policy}: it never acted`);
    }
  });

  test(`${make.name}: ${ROUNDS} rounds of ${ROUND_REQUESTS} governed requests leave a flat floor`, async () => {
    const paths = ACTING.map(make);
    const floors: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const { g, send } of paths) {
        for (let i = 0; i < ROUND_REQUESTS; i++) send();
        silence(g);
      }
      floors.push(await floor(real));
    }
    for (const { g } of paths) {
      assert.ok(actions(g) > 0, "it never acted");
      assert.is(g.optimizer.getMemoryStats().requests.finished, ROUNDS * ROUND_REQUESTS);
      g.optimizer.disable();
    }
    // The first rounds warm up the engine's own tables and code.
    const early = Math.max(...floors.slice(2, 5));
    const late = Math.min(...floors.slice(7));
    assert.ok(late <= early * 1.02, `floors: ${floors.map(Math.round).join(", ")}`);
  });
}

test.run();
