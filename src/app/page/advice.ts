import type { Suggestion } from "../../advisor/evidence.ts";
import type { DashboardState } from "../state.ts";
import { byId, element } from "./dom.ts";

function lines({ flag, variable, instead, verify }: Suggestion): Node[] {
  const code = (text: string) => element("code", {}, text);
  const other = variable === undefined ? [] : [", or set ", code(variable)];
  return [
    flag === undefined
      ? element("p", {}, `To do: ${instead ?? ""}.`)
      : element("p", {}, "Start it with ", code(flag), ...other, "."),
    element("p", {}, "To check: ", code(verify)),
  ];
}

/** What only a start can change: each is suggested once, so the list only grows. */
export function showAdvice({ advice }: DashboardState): void {
  const list = byId("advice");
  byId("advice-none").hidden = advice.length > 0;
  if (list.children.length > advice.length) list.replaceChildren();
  for (const suggestion of advice.slice(list.children.length)) {
    const { what, evidence } = suggestion;
    list.append(element("li", {}, element("h3", {}, what), element("p", {}, evidence), ...lines(suggestion)));
  }
}
