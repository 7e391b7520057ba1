import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { CulpritFinder, grownClasses, grownSites, inOneSentence } from "../../src/verdict/culprit.ts";
import { cachesTheLast, leaks, letGo, litters } from "../support/leaks.mjs";
import { fakePort, loadPort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const port = await loadPort();
const file = new URL("../support/leaks.mjs", import.meta.url);
const lines = readFileSync(fileURLToPath(file), "utf8").split("\n");

/** Serves until the search is over: garbage, a cache that stays as it is, and the leak. */
async function serveDuring<T>(search: Promise<T>, leak: (i: number) => void): Promise<T> {
  let over = false;
  const done = search.finally(() => {
    over = true;
  });
  for (let i = 0; !over; i++) {
    litters(i);
    for (let k = 0; k < 10; k++) cachesTheLast(i);
    for (let k = 0; k < 60; k++) leak(i * 60 + k);
    if (i % 4 === 3) await wait(1);
  }
  return done;
}

test("the planted leak's own line is named first in at least 90 % of runs, or its class where there are no sites", async () => {
  const wrong: string[] = [];
  let runs = 0;
  for (let round = 0; round < 3; round++) {
    for (const leak of leaks) {
      runs++;
      const { sites, classes, costMs, watchedMs, summary } = await serveDuring(
        new CulpritFinder(port).find({ seconds: 0.6 }),
        leak,
      );
      assert.ok(costMs >= 0 && costMs <= watchedMs);
      if (port.capabilities.allocationSites.available) {
        const line = lines.findIndex((text) => text.includes(`function ${leak.name}(`)) + 1;
        const [first] = sites;
        const right =
          first?.functionName === leak.name &&
          first.line === line &&
          first.file.endsWith("/test/support/leaks.mjs");
        if (!right) wrong.push(`${leak.name}: ${summary}`);
        else assert.match(summary, new RegExp(`^${leak.name} at .*leaks\\.mjs:${line} allocated `));
      } else {
        const expected = {
          fillsMap: "Object",
          pilesUpClosures: "Function",
          keepsArrays: "Array",
          joinsTexts: "string",
        };
        const names = classes.map(({ name }) => name);
        if (!names.includes(expected[leak.name as keyof typeof expected]))
          wrong.push(`${leak.name}: ${JSON.stringify(classes)}`);
      }
      letGo();
    }
  }
  assert.ok(wrong.length <= runs * 0.1, wrong.join("\n"));
});

test("the difference of two profiles: most first, what shrank left out, shares of what grew", () => {
  const site = (functionName: string, bytes: number) => ({
    functionName,
    file: "file:///app.js",
    line: 3,
    column: 1,
    bytes,
    callers: [],
  });
  const grown = grownSites(
    [site("a", 100), site("b", 500)],
    [site("a", 400), site("b", 400), site("c", 100)],
  );
  assert.equal(
    grown.map(({ functionName, grownBytes, shareRatio }) => [functionName, grownBytes, shareRatio]),
    [
      ["a", 300, 0.75],
      ["c", 100, 0.25],
    ],
  );
  assert.equal(grownSites([site("a", 5)], [site("a", 5)]), []);
  assert.is(
    grownSites(
      [],
      Array.from({ length: 50 }, (_, i) => site(`f${i}`, i + 1)),
    ).length,
    10,
  );
  assert.equal(grownClasses({ Map: 5, Set: 900 }, { Map: 105, Set: 400, Foo: 1000, Bar: 99 }), [
    { name: "Foo", grownObjects: 1000 },
    { name: "Map", grownObjects: 100 },
  ]);
  // A class may have the name of what every object inherits.
  assert.equal(grownClasses({}, { constructor: 500 }), [{ name: "constructor", grownObjects: 500 }]);
});

test("where the routes cannot be watched no profile stays open", async () => {
  const fake = fakePort();
  const failure = new Error("no memory for a table of routes");
  const finder = new CulpritFinder(fake, () => {
    throw failure;
  });
  const error = await finder.find({ seconds: 5 }).catch((thrown: unknown) => thrown);
  assert.is(error, failure);
  assert.is(fake.openAllocationProfiles, 0);
  assert.is(finder.running, false);
});

test("a function without a name is told with the nearest caller of the program's own", () => {
  const site = {
    functionName: "",
    file: "/app/shop.js",
    line: 5,
    column: 1,
    grownBytes: 9e6,
    shareRatio: 0.8,
  };
  const engine = [
    "map (node:internal:3)",
    "(anonymous) (/app/shop.js:5)",
    "run (/app/node_modules/a/b.js:1)",
  ];
  const told = (callers: string[], functionName = "") =>
    inOneSentence([{ ...site, functionName, callers }], [], 30_000);
  assert.match(
    told([...engine, "checkout (/app/shop.js:8)"]),
    /^an anonymous function at \/app\/shop\.js:5, called by checkout \(\/app\/shop\.js:8\), allocated/,
  );
  assert.match(told(engine), /^an anonymous function at \/app\/shop\.js:5 allocated/);
  assert.match(told(["checkout (/app/shop.js:8)"], "remember"), /^remember at \/app\/shop\.js:5 allocated/);
});

test("a route is named in the sentence where it leaves half of what all leave, or more", async () => {
  for (const [shareRatio, named] of [
    [0.5, true],
    [0.49, false],
  ] as const) {
    const fake = fakePort({ lacks: ["allocationSites", "classCounts"] });
    const route = {
      route: "GET /a",
      requests: 9,
      samples: 9,
      keptBytes: 2048,
      totalBytes: 18_432,
      shareRatio,
    };
    const watch = () => () => ({ routes: [route], reason: undefined, costMs: 1 });
    const search = new CulpritFinder(fake, watch).find({ seconds: 5 });
    for (let i = 0; i < 20; i++) await Promise.resolve();
    fake.advance(6000);
    const { summary, routes } = await search;
    assert.equal(routes, [route]);
    assert.is(
      summary.endsWith("Of the routes, GET /a leaves the most behind: 2 KB a request."),
      named,
      summary,
    );
  }
});

test("one search at a time; where nothing can be told it says so; the profile is closed", async () => {
  const fake = fakePort({ lacks: ["allocationSites", "classCounts"] });
  const optimizer = createMemoryOptimizer({ port: fake });
  const first = optimizer.findCulprit({ seconds: 5 });
  assert.is(optimizer.findCulprit(), first);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  fake.advance(6000);
  const { sites, classes, summary } = await first;
  assert.equal([sites, classes], [[], []]);
  assert.match(summary, /^Nothing that grew was seen in /);
  assert.is(fake.openTimers, 0);
  for (const wrong of [0, -1, 3601, "5", Number.NaN]) {
    throwsCode(() => void optimizer.findCulprit({ seconds: wrong as number }), "INVALID_OPTION", /seconds/);
  }
});

test.run();
