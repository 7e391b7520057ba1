import type { Browser, BrowserContextOptions, Page } from "playwright-core";

export interface Opened {
  page: Page;
  /** What the page complained of: errors, and what its policy forbade. */
  complaints: string[];
  close(): Promise<void>;
}

/** `token` must never be in an address. */
export async function openPage(
  browser: Browser,
  url: string,
  token: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  // The loader of this file marks functions with it; those that run in the page need it too.
  await page.addInitScript("globalThis.__name = (it) => it");
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // The answers that a test provokes are told here too.
    if (message.type() === "error" && !/status of 40[13]/.test(message.text()))
      complaints.push(message.text());
  });
  page.on("request", (request) => {
    const of = new URL(request.url());
    if (of.protocol !== "data:" && of.origin !== new URL(url).origin)
      complaints.push(`asked for ${request.url()}`);
    if (of.search.includes(token)) complaints.push(`the token is in ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}
