import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Client, type OpenAnswers, openLoop } from "../../runtimes/cli/load/open-loop.ts";

const PER_SECOND = 200;
/** Timers of the server may fire so much early. */
const EARLY_MS = 2;

interface Stalled {
  readonly answers: OpenAnswers;
  /** From then until then nothing was answered, on the clock of the plan. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Load on a server that answers nothing for `stallMs` once, from its 30th request on. */
async function underStall(
  stallMs: number,
  stall: (answer: ServerResponse, untilMs: number) => void,
): Promise<Stalled> {
  let requests = 0;
  let fromMs = 0;
  const server = createServer((_request, answer) => {
    requests += 1;
    if (requests === 30) fromMs = performance.now();
    if (requests >= 30 && performance.now() < fromMs + stallMs) stall(answer, fromMs + stallMs);
    else answer.end("ok");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = new Client();
  try {
    const answers = await openLoop(client, {
      url: `http://127.0.0.1:${port}/`,
      body: undefined,
      arrivals: { kind: "poisson" },
      perSecond: PER_SECOND,
      lengthMs: 2500,
      seed: 7,
      succeeds: (status) => status === 200,
    });
    const startedMs = performance.now() - answers.tookMs;
    return { answers, fromMs: fromMs - startedMs, toMs: fromMs + stallMs - startedMs };
  } finally {
    client.close();
    server.close();
  }
}

/** Each arrival in the stall has at least what was left of it; how many there were, and how late they were sent. */
function checkCharged({ answers, fromMs, toMs }: Stalled): { arrived: number; lateMs: number } {
  let arrived = 0;
  let lateMs = 0;
  answers.atMs.forEach((at, i) => {
    if (at <= fromMs || at >= toMs) return;
    arrived += 1;
    lateMs += answers.lateMs[i]!;
    const left = toMs - at - EARLY_MS;
    assert.ok(answers.latencyMs[i]! >= left, `at ${at} ms: ${answers.latencyMs[i]} ms, ${left} were left`);
  });
  assert.equal([...answers.failures], []);
  return { arrived, lateMs };
}

test("a server that stalls for a second: all that arrive meanwhile are sent, and charged with what is left of it", async () => {
  const stalled = await underStall(1000, (answer, untilMs) => {
    setTimeout(() => answer.end("ok"), untilMs - performance.now());
  });
  const { arrived } = checkCharged(stalled);
  assert.ok(arrived > 0.8 * PER_SECOND, `${arrived} arrived in it`);
  const slow = stalled.answers.latencyMs.filter((ms) => ms > 500).length;
  assert.ok(
    slow > 0.4 * PER_SECOND,
    `${slow} waited for half a second or more, not only those that were open`,
  );
});

test("a generator that stalls itself: latencies count from the intended times, and it says how late it was", async () => {
  const stalled = await underStall(500, (answer, untilMs) => {
    while (performance.now() < untilMs);
    answer.end("ok");
  });
  const { arrived, lateMs } = checkCharged(stalled);
  assert.ok(arrived > 0.25 * PER_SECOND, `${arrived}`);
  assert.ok(lateMs / arrived > 150, `${lateMs / arrived} ms late in the mean`);
});

test.run();
