/// <reference lib="dom" />
import type { Page } from "playwright-core";

// These run in the page: each stands alone.

/** What has the focus: its name, and what is wrong with its mark. No name: the page itself. */
export function focused(): { name: string | undefined; problem: string } {
  const it = document.activeElement as HTMLElement & { labels?: NodeListOf<HTMLElement> };
  if (it === null || it === document.body) return { name: undefined, problem: "" };
  const name = it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent ?? "";
  const style = getComputedStyle(it);
  const reach = Number.parseFloat(style.outlineOffset) + Number.parseFloat(style.outlineWidth);
  const box = it.getBoundingClientRect();
  let problem = style.outlineStyle === "none" || style.outlineWidth === "0px" ? "no mark" : "";
  for (let at = it.parentElement; at && reach > 0 && it.id !== "main"; at = at.parentElement) {
    if (getComputedStyle(at).overflow === "visible" || at === document.documentElement) continue;
    const around = at.getBoundingClientRect();
    if (
      box.left - reach < around.left ||
      box.right + reach > around.right ||
      box.top - reach < around.top ||
      box.bottom + reach > around.bottom
    )
      problem = `its mark is cut off by ${at.id || at.className}`;
  }
  return { name: name.trim(), problem };
}

/** What offers itself to a mouse and is no control that a keyboard reaches. */
export function unreachable(): string[] {
  const control = "a[href], button, input, label, [tabindex]:not([tabindex='-1'])";
  return [...document.body.querySelectorAll<HTMLElement>("*")]
    .filter((it) => {
      const { cursor, pointerEvents } = getComputedStyle(it);
      return it.checkVisibility() && cursor === "pointer" && pointerEvents !== "none" && !it.closest(control);
    })
    .map((it) => it.outerHTML.slice(0, 100));
}

/** Keeps in `globalThis.news` what regions that are read out by themselves say from now on. */
export function watchNews(): void {
  const news: string[] = [];
  (globalThis as unknown as { news: string[] }).news = news;
  for (const region of document.querySelectorAll("[aria-live], [role=status], [role=alert]")) {
    new MutationObserver(() => news.push(region.textContent!.trim())).observe(region, {
      childList: true,
      subtree: true,
      characterData: true,
    });
  }
}

/** The names of all that a screen reader finds, by role. */
export async function namesByRole(page: Page): Promise<Record<string, string[]>> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const names: Record<string, string[]> = {};
  for (const { ignored, role, name } of nodes) {
    if (ignored || !role) continue;
    names[role.value] = [...(names[role.value] ?? []), String(name?.value ?? "").trim()];
  }
  return names;
}
