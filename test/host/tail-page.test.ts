import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ArmName } from "../../bench/tail/arms.ts";
import { matrix } from "../../bench/tail/matrix.ts";
import { page } from "../../bench/tail/page.ts";
import { formatCell, formatNeverWorse } from "../../bench/tail/print.ts";
import { summarize } from "../../bench/tail/summary.ts";
import { openBrowser } from "../browser.ts";
import { oneWindow } from "../support/one-window.ts";
import { openPage } from "../support/opened-page.ts";

/** The cell with most arms, and a smaller one. */
const widest = [...matrix].sort((a, b) => b.arms.length - a.arms.length)[0]!;
const cells = [widest, matrix[0]!].map((cell) => {
  const arms: ArmName[] = ["stock", "again", ...cell.arms];
  const rounds = (arm: ArmName, i: number) => [oneWindow(arm, 1 + i, 20_480), oneWindow(arm, 2 + i, 20_480)];
  return summarize(cell, "node", 100, undefined, new Map(arms.map((arm, i) => [arm, rounds(arm, i)])));
});
const text = [...cells.map(formatCell), formatNeverWorse(cells)].join("\n");
const server = createServer((_request, answer) => {
  answer.setHeader("content-type", "text/html");
  answer.end(page(cells, text));
});
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
const { browser, close } = await openBrowser();
const { port } = server.address() as AddressInfo;

for (const width of [1280, 400]) {
  test(`the tail report as a page, ${width} pixels wide: two plots a cell, nothing beside it`, async () => {
    const opened = await openPage(browser, `http://127.0.0.1:${port}/`, "no-token", {
      viewport: { width, height: 900 },
      // uPlot writes numbers in the language of the browser, which a machine without a locale has none of.
      locale: "en-US",
    });
    const seen = await opened.page.evaluate(() => ({
      plots: document.querySelectorAll("#cells canvas").length,
      wide: document.documentElement.scrollWidth,
      colours: new Set(
        Array.from(
          document.querySelector(".u-legend")?.querySelectorAll<HTMLElement>(".u-marker") ?? [],
          (marker) => marker.style.border,
        ).filter((border) => border.includes("solid")),
      ).size,
      text: document.querySelector("pre")?.textContent,
    }));
    await opened.page.screenshot({ path: `test/out/tail-${width}.png`, fullPage: true });
    await opened.close();
    assert.is(seen.plots, 2 * cells.length);
    assert.ok(seen.wide <= width, `${seen.wide} pixels`);
    assert.is(seen.text, text);
    assert.is(seen.colours, widest.arms.length + 2, "a colour for each arm");
    assert.equal(opened.complaints, []);
  });
}

test.after(async () => {
  await close();
  server.close();
});

test.run();
