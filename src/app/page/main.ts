/** The dashboard's page: reads the stream, shows it, and asks for clean-ups and collections. */
import type { DashboardHistory, DashboardState } from "../state.ts";
import { makeActions } from "./actions.ts";
import { showAdvice } from "./advice.ts";
import { Connection, type LinkState } from "./connection.ts";
import { byId, setText } from "./dom.ts";
import { showFinding } from "./finding.ts";
import { makePlots } from "./plots.ts";
import { pointOf, Series } from "./series.ts";
import { makeTables } from "./tables.ts";
import { makeTiles } from "./tiles.ts";

const TOKEN_KEY = "velithon-token";

const WEEK_SECONDS = 604_800;
const WEEK_REFRESH_MS = 60_000;

const series = new Series();
/** Fetched when it is looked at. */
let week = new Series();
let weekAtMs = 0;
const showTiles = makeTiles(byId("tiles"));
const showTables = makeTables(byId("tables"));
const plots = makePlots(byId("plots"));
let span = 900;
let before: DashboardState | undefined;

async function draw(): Promise<void> {
  if (span < WEEK_SECONDS) return plots.draw(series, span);
  plots.draw(week, span);
  if (Date.now() - weekAtMs < WEEK_REFRESH_MS) return;
  weekAtMs = Date.now();
  const response = await connection.fetch("/history?span=week").catch(() => undefined);
  if (!response?.ok) return;
  week = new Series();
  week.addHistory((await response.json()) as DashboardHistory);
  if (span >= WEEK_SECONDS) plots.draw(week, span);
}

function show(state: DashboardState): void {
  series.add(state.atMs / 1000, pointOf(state, before));
  before = state;
  // Who typed the token goes on where the figures begin.
  if (byId("sign-in").contains(document.activeElement)) byId("main").focus();
  byId("sign-in").hidden = true;
  byId("figures").hidden = false;
  setText(byId("where"), `${state.runtime.name} ${state.runtime.version} on ${location.host}`);
  showFinding(state);
  showTiles(state);
  showTables(state);
  showAdvice(state);
  actions.show(state);
  void draw();
}

function showLink(state: LinkState, message: string): void {
  byId("link").dataset.state = state;
  setText(byId("link-text"), state === "denied" ? "Not allowed" : message);
  if (state !== "denied") return;
  byId("figures").hidden = true;
  byId("sign-in").hidden = false;
  setText(byId("sign-in-error"), connection.token ? "The server does not take this token." : "");
  sessionStorage.removeItem(TOKEN_KEY);
  byId<HTMLInputElement>("token").focus();
}

const connection = new Connection(
  location.pathname.replace(/\/$/, ""),
  sessionStorage.getItem(TOKEN_KEY) ?? "",
  { state: show, history: (history) => series.addHistory(history), link: showLink },
);

function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
  connection.use(token);
}

const actions = makeActions(connection, keepToken);

byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(byId<HTMLInputElement>("token").value.trim());
});

byId("span").addEventListener("click", ({ target }) => {
  const seconds = Number((target as HTMLElement).dataset.seconds);
  if (!seconds) return;
  span = seconds;
  for (const button of byId("span").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === target));
  }
  void draw();
});

void connection.run();
