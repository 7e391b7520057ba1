import type { DashboardState } from "../state.ts";
import { byId, element, setText } from "./dom.ts";
import { NONE, percent } from "./format.ts";
import { type Finding, findingOf, limitRatio, PRESSURE_TONES, type Tone, toneOf } from "./words.ts";

/** The finding that was read out last, without its figures. */
let told = "";

/** Read out by a screen reader: a new finding, once, and steps that come to one. Figures that move are no news. */
function tell({ title, advice, steps }: Finding): void {
  const finding = `${title.replace(/:.*/, "")}, ${steps.length > 0 ? "with" : "without"} steps`;
  if (finding === told) return;
  told = finding;
  setText(byId("news"), [`${title}.`, advice, ...steps].join(" "));
}

function badges(state: DashboardState): [name: string, value: string, tone: Tone][] {
  const ratio = limitRatio(state);
  const { level } = state.stats.pressure;
  return [
    ["Memory pressure", level, PRESSURE_TONES[level]],
    ["Verdict", state.stats.verdict?.state ?? NONE, "unknown"],
    ["Ready for requests", state.ready ? "yes" : "no", state.ready ? "good" : "bad"],
    ["Of the limit", percent(ratio), toneOf(ratio)],
  ];
}

/** What is the matter, in words, and beside it what it is judged by. What stays the same stays in place. */
export function showFinding(state: DashboardState): void {
  const finding = findingOf(state);
  const { tone, title, advice, steps } = finding;
  byId("finding").dataset.tone = tone;
  setText(byId("finding-title"), title);
  setText(byId("finding-advice"), advice);
  const list = byId("finding-steps");
  if (steps.join() !== [...list.children].map(({ textContent }) => textContent).join()) {
    list.replaceChildren(...steps.map((step) => element("li", {}, step)));
  }
  tell(finding);
  const shown = byId("badges");
  badges(state).forEach(([name, value, of], i) => {
    if (!shown.children[i]) shown.append(element("div", {}, element("dt", {}, name), element("dd")));
    const badge = shown.children[i] as HTMLElement;
    badge.dataset.tone = of;
    setText(badge.lastElementChild!, value);
  });
}
