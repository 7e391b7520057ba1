import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DRAINED_EXIT_CODE } from "../../src/index.ts";
import { runToEnd, runtimeNames, startServer } from "../server.ts";

const FILE = "test/support/draining.ts";
const DRAINING = /memory stayed critical for 1000 ms: draining, then exit with code 75/;
/** The route takes two seconds: some of them are under way whenever the drain begins. */
const EVERY_MS = 400;
/** A second at critical, ten of jitter, and the drain. */
const LIMIT_MS = 25_000;

/** What became of one slow request. */
interface Answer {
  readonly status: number;
  readonly lines: number;
  readonly begunMs: number;
  readonly endedMs: number;
}

async function slow(origin: string): Promise<Answer> {
  const begunMs = performance.now();
  // A connection of its own: one that is kept open could be used again although no new ones are taken.
  const response = await fetch(`${origin}/demo/stream`, { headers: { connection: "close" } });
  const text = await response.text();
  return {
    status: response.status,
    lines: text.split("\n").filter(Boolean).length,
    begunMs,
    endedMs: performance.now(),
  };
}

for (const name of runtimeNames) {
  const test = suite(`drain and exit on ${name}`);

  test("memory stays critical: no more connections, what is under way is finished, exit code 75", async () => {
    const server = await startServer(name, { VELITHON_DRAIN_AFTER_SECONDS: "1" }, FILE);
    try {
      const whole = (await slow(server.origin)).lines;
      assert.ok(whole > 1, "a response of several lines");
      await sleep(2000);
      assert.not.match(server.output(), DRAINING, "not while all is calm");
      server.kill("SIGUSR2");

      const begun: Promise<Answer>[] = [];
      const until = performance.now() + LIMIT_MS;
      let drainingMs: number | undefined;
      let refused = false;
      while (!refused && performance.now() < until) {
        const answer = slow(server.origin);
        const outcome = await Promise.race([
          answer.then(
            () => "answered",
            (error: Error) => String((error.cause as { code?: string } | undefined)?.code ?? error),
          ),
          sleep(EVERY_MS, "under way"),
        ]);
        if (DRAINING.test(server.output())) drainingMs ??= performance.now();
        if (outcome === "ECONNREFUSED") refused = true;
        // One that waited to be accepted as the server closed is reset.
        else if (outcome !== "ECONNRESET") begun.push(answer);
      }
      assert.ok(refused, `it still takes connections: ${server.output()}`);
      assert.ok(drainingMs !== undefined, server.output());

      const answers = await Promise.all(begun);
      const slowOnes = answers.filter(({ status }) => status === 200);
      // Let in one at a time, the others are shed.
      assert.ok(answers.every(({ status }) => status === 200 || status === 503));
      assert.equal(
        slowOnes.filter(({ lines }) => lines !== whole),
        [],
        "a response was cut off",
      );
      const across = slowOnes.filter(
        ({ begunMs, endedMs }) => begunMs < drainingMs! && endedMs > drainingMs!,
      );
      assert.ok(across.length > 0, "no response was under way when the drain began: nothing was tested");

      const { code, signal, stdout, stderr } = await server.end();
      assert.is(signal, null);
      assert.is(code, DRAINED_EXIT_CODE, stderr);
      assert.not.match(stdout, /cut off/, "nothing had to be cut off");
    } finally {
      server.kill("SIGKILL");
    }
  });

  test("a setting that does not fit ends the start with one line", async () => {
    const { code, stderr } = await runToEnd(name, { PORT: "0", VELITHON_DRAIN_AFTER_SECONDS: "soon" });
    assert.ok(code !== 0 && code !== null && code !== DRAINED_EXIT_CODE, `exit code ${code}`);
    assert.match(stderr, /^[^\n]*VELITHON_DRAIN_AFTER_SECONDS[^\n]*soon[^\n]*1 to 86400[^\n]*\n$/);
  });

  test.run();
}
