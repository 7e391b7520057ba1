import { test } from "uvu";
import * as assert from "uvu/assert";
import { adminToken } from "../../src/app.ts";
import { checkReads, FAR, LOCAL, make, RIGHT, TOKEN } from "../support/access.ts";
import { fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

test("details without a token: bound to loopback, called by a loopback name, past no proxy", async () => {
  for (const host of ["localhost", "localhost:3000", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:3000"]) {
    await checkReads({}, { host }, 200);
    await checkReads({ loopback: false }, { host }, 403);
  }
  const others = [
    "example.com",
    "localhost.example.com",
    "127.0.0.1.nip.io",
    "10.0.0.1",
    "[::2]",
    "localhost@x",
  ];
  for (const host of others) await checkReads({}, { host }, 403);
  await checkReads({}, {}, 403);
});

test("a forwarding header closes what loopback opens, whatever it claims", async () => {
  for (const name of [
    "forwarded",
    "x-forwarded-for",
    "X-Forwarded-Host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "x-original-host",
    "via",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
    "cdn-loop",
  ]) {
    for (const value of ["127.0.0.1", "for=127.0.0.1;host=localhost", ""]) {
      await checkReads({}, { ...LOCAL, [name]: value }, 403);
    }
  }
});

test("what nginx sends without settings, its own name for the host and the end of the connection, opens nothing", async () => {
  for (const connection of ["close", "Close", "upgrade, close"]) {
    await checkReads({}, { ...LOCAL, connection }, 403);
    await checkReads({ token: TOKEN }, { ...LOCAL, connection, ...RIGHT }, 200);
  }
  for (const connection of ["keep-alive", "enclose"]) await checkReads({}, { ...LOCAL, connection }, 200);
});

test("a page of another site opens nothing that loopback opens; a neighbour on this machine may", async () => {
  await checkReads({}, { ...LOCAL, "sec-fetch-site": "cross-site" }, 403);
  for (const site of ["same-origin", "same-site", "none"]) {
    await checkReads({}, { ...LOCAL, "sec-fetch-site": site }, 200);
  }
});

test("details with a token: the right one opens from anywhere, a wrong one nowhere", async () => {
  for (const loopback of [true, false]) {
    await checkReads({ loopback, token: TOKEN }, { ...FAR, ...RIGHT }, 200);
    await checkReads({ loopback, token: TOKEN }, { ...FAR, via: "proxy", ...RIGHT }, 200);
    for (const wrong of [`${TOKEN}2`, TOKEN.slice(0, -1), TOKEN.toUpperCase(), "", " "]) {
      await checkReads({ loopback, token: TOKEN }, { ...LOCAL, authorization: `Bearer ${wrong}` }, 401);
    }
    for (const authorization of [TOKEN, `Basic ${TOKEN}`, `Bearer${TOKEN}`, `Bearer x ${TOKEN}`]) {
      await checkReads({ loopback, token: TOKEN }, { ...LOCAL, authorization }, 401);
    }
    await checkReads({ loopback, token: TOKEN }, FAR, 401);
  }
  await checkReads({ token: TOKEN }, LOCAL, 200);
  await checkReads({}, { ...RIGHT, ...FAR }, 403);
});

test("a token in the address opens nothing", async () => {
  const { get, post } = make({ loopback: false, token: TOKEN });
  for (const name of ["token", "access_token", "authorization"]) {
    assert.is((await get(`/stats?${name}=${TOKEN}`, FAR)).status, 401);
    assert.is((await post(`/memory/cleanup?${name}=${TOKEN}`, FAR)).status, 401);
  }
});

test("VELITHON_ADMIN_TOKEN is the token where no option is", async () => {
  const { get, post } = make({ loopback: false }, { VELITHON_ADMIN_TOKEN: ` ${TOKEN} ` });
  assert.is((await get("/stats", { ...FAR, ...RIGHT })).status, 200);
  assert.is((await post("/memory/collect", { ...FAR, ...RIGHT })).status, 200);
  assert.is((await get("/stats", FAR)).status, 401);
  const own = make({ loopback: false, token: "another-token-here" }, { VELITHON_ADMIN_TOKEN: TOKEN });
  assert.is((await own.get("/stats", { ...FAR, ...RIGHT })).status, 401);
});

test("a token that is none is refused at the start, and not shown", () => {
  for (const token of [
    "short",
    "x".repeat(15),
    "x".repeat(201),
    "with a space in it",
    "umlaut-ä-in-the-middle",
  ]) {
    for (const [code, start] of [
      ["INVALID_OPTION", () => make({ token })],
      ["INVALID_ENVIRONMENT", () => make({}, { VELITHON_ADMIN_TOKEN: token })],
    ] as const) {
      throwsCode(start, code, /16 to 200/, new RegExp(`^(?!.*${token})`));
    }
  }
  throwsCode(() => make({ token: 5 as never }), "INVALID_OPTION");
  throwsCode(() => make({ authorize: true as never }), "INVALID_OPTION");
  assert.is(adminToken(fakePort({ variables: { VELITHON_ADMIN_TOKEN: "  " } })), undefined);
});

test.run();
