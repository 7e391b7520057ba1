import { test } from "uvu";
import * as assert from "uvu/assert";
import { find, launch, tells, top } from "../support/attached.ts";

/** What `deno serve` starts with the register preloaded, or with a module of two lines before the app. */
async function declared(
  args: string[],
  path: string,
): Promise<{ answer: unknown; said: string; finished?: number }> {
  const bin = `${top}node_modules/.bin/deno`;
  const words = ["serve", "-A", "--no-lock", "--host=127.0.0.1", "--port=0", ...args];
  const attached = launch(bin, words, { VELITHON_ADMIN_PORT: "0" });
  const all = (): string => attached.stdout() + attached.stderr();
  try {
    const origin = await find(/Listening on (http:\S+?)\/?$/m, all, all);
    const answer = await (await fetch(`${origin}${path}`)).json();
    const admin = /dashboard: (http:\S+)\/memory$/m.exec(attached.stderr())?.[1];
    if (admin === undefined) return { answer, said: all() };
    await tells(admin, 1, 1, 0);
    return { answer, said: all(), finished: 1 };
  } finally {
    attached.kill();
    await attached.ended;
  }
}

test("deno serve: watched by a module of two lines; what it preloads it does not run, and the app works", async () => {
  const register = "./runtimes/deno/register.ts";
  const watched = await declared(["test/host/attached/declared-watched.ts"], "/x");
  assert.equal(watched.answer, { path: "/x" });
  assert.is(watched.finished, 1, watched.said);
  const preloaded = await declared(["--preload", register, "test/host/attached/declared.ts"], "/x");
  assert.equal(preloaded.answer, { path: "/x" });
  assert.is(preloaded.finished, undefined, "this Deno runs it: docs/attach.md can say so");
});

test.run();
