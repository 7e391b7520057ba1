/**
 * Makes the pictures of the documentation: `docs/images/dashboard.png` and `dashboard-phone.png`, of the shared app
 * on Node under a light load on its demo routes. With `--keep` they replace those in docs/images, else they go to test/out.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openBrowser } from "./browser.ts";
import { startServer } from "./server.ts";

const WATCH_MS = 45_000;
const keep = process.argv.includes("--keep");
const folder = fileURLToPath(new URL(keep ? "../docs/images/" : "out/images/", import.meta.url));
mkdirSync(folder, { recursive: true });

const server = await startServer("node", { VELITHON_ADMIN_TOKEN: "a-token-for-a-picture", PORT: "3000" });
const { browser, close } = await openBrowser();
const ask = (path: string): void => void fetch(server.origin + path).then((response) => response.text());
let tick = 0;
const load = setInterval(() => {
  // Waves of requests: a picture of a server that lives.
  const wave = 2 + Math.round(2 * Math.sin(tick++ / 40));
  for (let i = 0; i < wave; i++) ask("/demo/summary");
  if (tick % 5 === 0) ask("/demo/types?search=json");
  if (tick % 30 === 0) ask("/demo/stream");
}, 50);

try {
  const sizes = {
    dashboard: { viewport: { width: 1200, height: 860 }, colorScheme: "dark" },
    "dashboard-phone": { viewport: { width: 390, height: 844 }, colorScheme: "light" },
  } as const;
  const pages = await Promise.all(
    Object.entries(sizes).map(async ([name, options]) => {
      const page = await (await browser.newContext(options)).newPage();
      await page.goto(`${server.origin}/memory`);
      return { name, page };
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  for (const { name, page } of pages) {
    await page.screenshot({ path: `${folder}${name}.png` });
    console.log(`${folder}${name}.png`);
  }
} finally {
  clearInterval(load);
  await close();
  server.kill("SIGTERM");
  await server.end();
}
