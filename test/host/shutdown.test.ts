import { once } from "node:events";
import { Agent, createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { suite, test } from "uvu";
import * as assert from "uvu/assert";
import { stopperOf } from "../../runtimes/node/drain-http.ts";
import { nodePort } from "../../runtimes/node/port.ts";
import { runtimeNames, startServer } from "../server.ts";
import { aliveAfterCollection } from "../support/reachable.ts";

function open(port: number, text: string): Socket {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  if (text) socket.write(text);
  return socket;
}

for (const name of runtimeNames) {
  const test = suite(`shutdown on ${name}`);

  test("what nobody ends is cut off; the clean-up is logged all the same, and the exit code is 0", async () => {
    const server = await startServer(name);
    // Deno waits for the first, Node and Bun for the second.
    const upload = "POST /no/such/path HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\nx";
    const sockets = [upload, "GET / HTTP/1.1\r\nhost: loc"].map((text) => open(server.port, text));
    try {
      await once(sockets[0]!, "data");
      server.kill("SIGTERM");
      const { code, signal, stdout, stderr } = await server.end();
      assert.equal([code, signal], [0, null], stderr);
      assert.match(stdout, /^SIGTERM: draining\nstill open after 10000 ms: cut off\n/m);
      // Bun cannot tell at once what a collection freed.
      const freed = name === "bun" ? "" : ".* freedBytes=-?\\d+";
      assert.match(stdout, new RegExp(`^velithon: shutdown clean-up cleanupTimeMs=[\\d.]+${freed}$`, "m"));
      assert.not.match(stderr, /error/i);
    } finally {
      server.kill("SIGKILL");
      for (const socket of sockets) socket.destroy();
    }
  });

  test("connections that are idle, or said nothing yet, hold up nothing", async () => {
    const server = await startServer(name);
    const silent = open(server.port, "");
    const idle = open(server.port, "GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n");
    try {
      await once(idle, "data");
      server.kill("SIGINT");
      const { code, stdout } = await server.end();
      assert.is(code, 0);
      assert.not.match(stdout, /cut off/);
      assert.match(stdout, "shutdown clean-up");
    } finally {
      server.kill("SIGKILL");
      silent.destroy();
      idle.destroy();
    }
  });

  test("a second signal ends it at once", async () => {
    const server = await startServer(name);
    const stream = open(server.port, "GET /demo/stream HTTP/1.1\r\nhost: localhost\r\n\r\n");
    try {
      await once(stream, "data");
      server.kill("SIGTERM");
      while (!server.output().includes("draining")) await new Promise((resolve) => setTimeout(resolve, 20));
      server.kill("SIGTERM");
      const { code, stdout } = await server.end();
      assert.is(code, 1);
      assert.not.match(stdout, /clean-up/);
    } finally {
      server.kill("SIGKILL");
      stream.destroy();
    }
  });

  test.run();
}

test("Node: a connection that becomes idle while the server stops is ended then, whatever its keep-alive limit", async () => {
  let answer: ServerResponse | undefined;
  const server = createServer((_request, response) => {
    response.write("first");
    answer = response;
  });
  server.keepAliveTimeout = 0;
  const stop = stopperOf(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const [response] = (await once(get({ port, host: "127.0.0.1", agent }), "response")) as [IncomingMessage];
  await once(response, "data");
  const stopped = stop();
  answer?.end("last");
  let text = "";
  for await (const chunk of response) text += chunk;
  assert.is(text, "last", "what was under way is finished");
  await stopped;
  // Of a server that is closed no end is told: asked again, it would wait for ever.
  assert.is(stop(), stopped);
  agent.destroy();
});

test("Node: connections that have ended are not held", async () => {
  const server = createServer((_request, response) => response.end());
  stopperOf(server);
  const ended: WeakRef<Socket>[] = [];
  server.on("connection", (socket) => ended.push(new WeakRef(socket)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  for (let i = 0; i < 20; i++) {
    const [response] = (await once(get({ port, agent: false }), "response")) as [IncomingMessage];
    response.resume();
    await once(response, "close");
  }
  await new Promise((resolve) => server.close(resolve));
  assert.is(ended.length, 20);
  const alive = await aliveAfterCollection(nodePort, ended, 2);
  assert.ok(alive <= 2, `${alive} of 20 are held`);
});

test.run();
