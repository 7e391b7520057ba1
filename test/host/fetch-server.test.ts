import { once } from "node:events";
import { request, type Server } from "node:http";
import { connect } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFetchServer } from "../../runtimes/node/fetch-server.ts";

type Fetch = Parameters<typeof createFetchServer>[0];

async function serving<T>(fetch: Fetch, use: (port: number) => Promise<T>): Promise<T> {
  const server: Server = createFetchServer(fetch);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use((server.address() as { port: number }).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** What a server answers to these bytes, as text. */
async function raw(port: number, lines: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  let text = "";
  socket.on("data", (part) => {
    text += part;
  });
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await once(socket, "close");
  return text;
}

test("method, address, headers and body arrive; status, headers and body leave", async () => {
  const fetch: Fetch = async (got) => {
    const headers = new Headers({ "x-seen": `${got.method} ${got.url} ${got.headers.get("x-one")}` });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response(`got ${await got.text()}`, { status: 201, headers });
  };
  await serving(fetch, async (port) => {
    const asked = request({
      port,
      host: "127.0.0.1",
      path: "/a?b=c",
      method: "POST",
      headers: { "x-one": ["1", "2"] },
    });
    asked.end("body");
    const [response] = await once(asked, "response");
    let text = "";
    for await (const part of response.setEncoding("utf8")) text += part;
    assert.is(response.statusCode, 201);
    assert.is(text, "got body");
    assert.is(response.headers["x-seen"], `POST http://127.0.0.1:${port}/a?b=c 1, 2`);
    assert.equal(response.headers["set-cookie"], ["a=1", "b=2"]);
  });
});

test("an answer without a body, and one to HEAD", async () => {
  await serving(
    ({ method }) =>
      new Response(method === "HEAD" ? "left out" : null, { status: method === "HEAD" ? 200 : 204 }),
    async (port) => {
      assert.is((await globalThis.fetch(`http://127.0.0.1:${port}/`)).status, 204);
      const head = await globalThis.fetch(`http://127.0.0.1:${port}/`, { method: "HEAD" });
      assert.equal([head.status, await head.text()], [200, ""]);
    },
  );
});

test("what is no address is refused, and what throws answers 500: the server goes on", async () => {
  const fetch: Fetch = ({ url }) => {
    if (url.endsWith("/bad")) throw new Error("bad");
    return new Response("fine");
  };
  await serving(fetch, async (port) => {
    for (const [line, host] of [
      ["GET http://elsewhere/ HTTP/1.1", "x"],
      ["OPTIONS * HTTP/1.1", "x"],
      ["GET / HTTP/1.1", "a b"],
      ["GET / HTTP/1.1", ""],
    ]) {
      const text = await raw(port, [line!, `host: ${host}`, "connection: close"]);
      assert.match(text, /^HTTP\/1\.1 400 /, `${line} ${host}`);
    }
    assert.match(await raw(port, ["GET /bad HTTP/1.1", "host: x", "connection: close"]), /^HTTP\/1\.1 500 /);
    assert.is(await (await globalThis.fetch(`http://127.0.0.1:${port}/`)).text(), "fine");
  });
});

test("a stream leaves part by part, and ends where its reader goes", async () => {
  let cancelled: () => void;
  const end = new Promise<void>((resolve) => {
    cancelled = resolve;
  });
  let aborted = false;
  const fetch: Fetch = ({ signal }) => {
    signal.addEventListener("abort", () => {
      aborted = true;
    });
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
        cancel: () => cancelled(),
      }),
    );
  };
  await serving(fetch, async (port) => {
    const stop = new AbortController();
    const response = await globalThis.fetch(`http://127.0.0.1:${port}/`, { signal: stop.signal });
    const { value } = await response.body!.getReader().read();
    assert.is(new TextDecoder().decode(value), "first");
    stop.abort();
    await end;
    assert.ok(aborted);
  });
});

/** What comes first; a server that says nothing more must not hold up the test. */
async function soon<T>(wanted: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer within 5 s")), 5000);
  });
  return await Promise.race([wanted, late]).finally(() => clearTimeout(timer));
}

test("the head of a stream is sent before its first part", async () => {
  let parts: ReadableStreamDefaultController | undefined;
  const body = () =>
    new ReadableStream({
      start(controller) {
        parts = controller;
      },
    });
  await serving(
    () => new Response(body()),
    async (port) => {
      const response = await soon(fetch(`http://127.0.0.1:${port}/`));
      parts!.enqueue(new TextEncoder().encode("late"));
      parts!.close();
      assert.is(await response.text(), "late");
    },
  );
});

test("an answer without a body ends; one whose body cannot be read breaks off", async () => {
  const locked = new Response("taken");
  locked.body!.getReader();
  await serving(
    ({ url }) => (url.endsWith("/none") ? new Response(null, { status: 200 }) : locked),
    async (port) => {
      const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      assert.is(await soon(ask("/none")), "");
      const outcome = soon(ask("/locked")).catch((error: Error) => error);
      assert.instance(await outcome, TypeError);
    },
  );
});

test.run();
