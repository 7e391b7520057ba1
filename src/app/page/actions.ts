import type { CollectionResult } from "../../gc/gc-optimizer.ts";
import type { CleanupStats } from "../../optimizer/stats.ts";
import type { DashboardState } from "../state.ts";
import type { Connection } from "./connection.ts";
import { byId, setText } from "./dom.ts";
import { bytes, count, milliseconds } from "./format.ts";

const sum = (record: Readonly<Record<string, number>>): number =>
  Object.values(record).reduce((total, value) => total + value, 0);

function collected({ performed, reason, collectionTimeMs, freedBytes }: CollectionResult): string {
  if (!performed) return `No collection: ${reason}.`;
  const freed = freedBytes === undefined ? "" : ` and freed ${bytes(Math.max(0, freedBytes))} of the heap`;
  return `The collection took ${milliseconds(collectionTimeMs)}${freed}.`;
}

const ANSWERS: Record<string, (answer: never) => string> = {
  collect: (answer: CollectionResult) => collected(answer),
  cleanup: (answer: CleanupStats) =>
    `Cleaned up in ${milliseconds(answer.cleanupTimeMs)}: freed ${count(sum(answer.objectPools))} idle objects. ${collected(answer.gcStats)}`,
};

function refused(status: number, error: string | undefined, waitSeconds: string | null): string {
  if (status === 401 || status === 403) return `Not allowed: ${error ?? "the token is wrong"}.`;
  if (status === 429) return `Too many actions; try again in ${waitSeconds ?? "some"} seconds.`;
  return `Failed: ${error ?? `status ${status}`}.`;
}

export interface Actions {
  show(state: DashboardState): void;
}

/** The buttons. A token typed here is kept like one typed at the start. */
export function makeActions(connection: Connection, keepToken: (token: string) => void): Actions {
  const form = byId<HTMLFormElement>("act");
  const field = byId<HTMLInputElement>("act-token");
  const part = byId("act-token-part");
  const buttons = [...form.querySelectorAll("button")];
  const tell = (text: string) => setText(byId("act-result"), text);
  let possible = true;
  let working = false;

  const act = async (name: string) => {
    if (working) return;
    const typed = field.value.trim();
    work(true);
    tell("Working …");
    try {
      const response = await connection.fetch(`/${name}`, { method: "POST" }, typed || connection.token);
      const answer = await response.json();
      // One that the server takes is kept; another leaves what is shown as it is.
      if (response.ok && typed) keepToken(typed);
      if (response.ok) field.value = "";
      tell(
        response.ok
          ? ANSWERS[name]!(answer as never)
          : refused(response.status, answer.error, response.headers.get("retry-after")),
      );
    } catch {
      tell("Failed: the server does not answer.");
    }
    work(false);
    part.hidden = !possible || connection.token !== "";
  };

  // Not `disabled`: that would take the focus away from who pressed it.
  const work = (is: boolean) => {
    working = is;
    for (const button of buttons) button.setAttribute("aria-disabled", String(is));
  };

  for (const button of buttons) button.addEventListener("click", () => void act(button.dataset.act!));
  form.addEventListener("submit", (event) => event.preventDefault());

  return {
    show(state) {
      if (possible === state.actions) return;
      possible = state.actions;
      part.hidden = !possible || connection.token !== "";
      for (const button of buttons) button.disabled = !possible;
      if (!possible) tell("Actions need a token: set VELITHON_ADMIN_TOKEN where the server starts.");
    },
  };
}
