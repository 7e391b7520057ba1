import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:http2";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runtimeNames } from "../server.ts";
import { app, find, start, tells } from "../support/attached.ts";

for (const name of runtimeNames) {
  for (const framework of ["express", "fastify", "hono"]) {
    test(`${framework} on ${name}, unmodified: its requests are seen, those of the admin are not`, async () => {
      const attached = start(name, app(framework), { VELITHON_ADMIN_PORT: "0" });
      const all = (): string => attached.stdout() + attached.stderr();
      try {
        const port = await find(/^listening (\d+)$/m, attached.stdout, all);
        const admin = await find(/dashboard: (http:\S+)\/memory$/m, attached.stderr, all);
        assert.is(attached.stdout().trim(), `listening ${port}`, "nothing of ours on the program's output");
        const origin = `http://127.0.0.1:${port}`;
        for (let i = 0; i < 20; i++) {
          assert.equal(await (await fetch(`${origin}/items/${i}`)).json(), { id: String(i) });
        }
        assert.is((await fetch(`${admin}/memory`)).status, 200);
        const abort = new AbortController();
        const slow = await fetch(`${origin}/slow`, { signal: abort.signal });
        assert.is(slow.status, 200);
        await tells(admin, 21, 20, 1);
        abort.abort();
        await tells(admin, 21, 21, 0);
      } finally {
        attached.kill();
        await attached.ended;
      }
    });
  }

  test(`${name}: an HTTP/2 server works as ever, and is seen where the runtime tells of its streams`, async () => {
    const attached = start(name, app("http2"), { VELITHON_ADMIN_PORT: "0" });
    const all = (): string => attached.stdout() + attached.stderr();
    try {
      const port = await find(/^listening (\d+)$/m, attached.stdout, all);
      const admin = await find(/dashboard: (http:\S+)\/memory$/m, attached.stderr, all);
      const session = connect(`http://127.0.0.1:${port}`);
      const ask = (path: string): Promise<string> =>
        new Promise((resolve, reject) => {
          let text = "";
          const stream = session.request({ ":path": path });
          stream.setEncoding("utf8").on("data", (part) => {
            text += part;
          });
          stream.on("end", () => resolve(text)).on("error", reject);
        });
      for (let i = 0; i < 5; i++) {
        assert.equal(JSON.parse(await ask(`/items/${i}`)), { path: `/items/${i}`, version: "2.0" });
      }
      const slow = session.request({ ":path": "/slow" });
      await once(slow, "response");
      const told = name !== "node" || Number.parseInt(process.versions.node, 10) >= 22;
      await tells(admin, told ? 6 : 0, told ? 5 : 0, told ? 1 : 0);
      slow.close(8);
      await tells(admin, told ? 6 : 0, told ? 6 : 0, 0);
      session.destroy();
    } finally {
      attached.kill();
      await attached.ended;
    }
  });

  test(`${name}: the policies that are named govern`, async () => {
    const attached = start(name, app("hono"), { VELITHON_ADMIN_PORT: "0", VELITHON_POLICY: "seal, trim" });
    const all = (): string => attached.stdout() + attached.stderr();
    try {
      const admin = await find(
        /^velithon: governing \(seal, trim\) this process; dashboard: (http:\S+)\/memory$/m,
        attached.stderr,
        all,
      );
      let sealed = 0;
      for (let i = 0; i < 500 && sealed === 0; i++) {
        const { governor } = (await (await fetch(`${admin}/stats`)).json()) as {
          governor: { policies: string[]; actions: { seal: { performed: number } } };
        };
        assert.equal(governor.policies, ["seal", "trim"]);
        sealed = governor.actions.seal.performed;
        await wait(20);
      }
      assert.is(sealed, 1);
    } finally {
      attached.kill();
      await attached.ended;
    }
  });

  test(`${name}: processes with one folder for workers are added up, at the admin port of each`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "vw-"));
    const variables = { VELITHON_ADMIN_PORT: "0", VELITHON_WORKERS_DIRECTORY: directory };
    const workers = [1, 2].map(() => start(name, app("hono"), variables));
    const all = (): string => workers.map(({ stdout, stderr }) => stdout() + stderr()).join("");
    try {
      const admins: string[] = [];
      for (const worker of workers) {
        const port = await find(/^listening (\d+)$/m, worker.stdout, all);
        admins.push(await find(/dashboard: (http:\S+)\/memory$/m, worker.stderr, all));
        for (let i = 0; i < 5; i++) await (await fetch(`http://127.0.0.1:${port}/items/${i}`)).text();
      }
      for (const admin of admins) {
        let text = "";
        for (let i = 0; i < 500 && !text.includes("velithon_requests_total 10\n"); i++) {
          text = await (await fetch(`${admin}/metrics`)).text();
          await wait(20);
        }
        assert.match(text, "velithon_requests_total 10\n");
        assert.match(text, "velithon_workers 2\n");
      }
    } finally {
      for (const worker of workers) {
        worker.kill();
        await worker.ended;
      }
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test(`${name}: a program that ends by itself still does`, async () => {
    const attached = start(name, app("done"));
    assert.is(await attached.ended, 0, attached.stderr());
    assert.is(attached.stdout().trim(), "once");
  });

  test(`${name}: port in use, no port at all, switched off: one line or none, and the program runs`, async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const cases: [Record<string, string>, RegExp][] = [
      [
        { VELITHON_ADMIN_PORT: String(port) },
        new RegExp(`^velithon: no dashboard: 127\\.0\\.0\\.1:${port} is in use`),
      ],
      [{ VELITHON_ADMIN_PORT: "lots" }, /^velithon: no dashboard: VELITHON_ADMIN_PORT is "lots"; accepted/],
      [
        { VELITHON_MEMORY_THRESHOLD: "lots" },
        /^velithon: no dashboard: environment: VELITHON_MEMORY_THRESHOLD is "lots"/,
      ],
      [
        { VELITHON_POLICY: "auto,trim" },
        /^velithon: no dashboard: VELITHON_POLICY is "auto,trim"; accepted: observe, .*auto only with seal and lean\)$/,
      ],
      [{ VELITHON_ADMIN_TOKEN: "short" }, /^velithon: no dashboard: VELITHON_ADMIN_TOKEN/],
      [
        { VELITHON_WORKERS_DIRECTORY: "/dev/null" },
        /^velithon: no dashboard: joinWorkers: directory is "\/dev\/null"/,
      ],
      [{ VELITHON_MEMORY_OPTIMIZATION: "off" }, /^$/],
    ];
    try {
      for (const [variables, line] of cases) {
        const attached = start(name, app("done"), variables);
        assert.is(await attached.ended, 0, attached.stderr());
        assert.is(attached.stdout().trim(), "once");
        const lines = attached.stderr().trim();
        assert.match(lines, line);
        assert.not.match(lines, "\n");
      }
    } finally {
      taken.close();
    }
  });
}

test.run();
