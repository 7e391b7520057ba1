import { test } from "uvu";
import * as assert from "uvu/assert";
import { pathOf } from "../../src/adapters/path.ts";

test("the path of an absolute address, without query or fragment", () => {
  const cases: readonly [string, string][] = [
    ["http://a.example", "/"],
    ["http://a.example/", "/"],
    ["http://a.example/b/c", "/b/c"],
    ["http://a.example/b?c=/d", "/b"],
    ["http://a.example/b#c", "/b"],
    ["http://a.example/b?c#d", "/b"],
    ["http://a.example/b#c?d", "/b"],
    ["https://a.example:8080/b", "/b"],
  ];
  for (const [url, path] of cases) assert.is(pathOf(url), path, url);
});

test.run();
