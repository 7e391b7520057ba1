import type { DashboardHistory, DashboardState } from "../state.ts";

export type LinkState = "connecting" | "live" | "lost" | "denied" | "full";

interface Listener {
  state(state: DashboardState): void;
  history(history: DashboardHistory): void;
  link(state: LinkState, message: string): void;
}

/** No event for so long: the connection is dead, or the server stands still. */
const SILENCE_MS = 8000;
const MAX_WAIT_MS = 10_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads the stream of states, again and again. The token goes in a header: never in an address. */
export class Connection {
  /** Where the dashboard is mounted, without a slash at its end. */
  readonly #base: string;
  readonly #listener: Listener;
  #token: string;
  #abort = new AbortController();

  constructor(base: string, token: string, listener: Listener) {
    this.#base = base;
    this.#token = token;
    this.#listener = listener;
  }

  get token(): string {
    return this.#token;
  }

  /** Connects with another token. */
  use(token: string): void {
    this.#token = token;
    this.#abort.abort();
    void this.run();
  }

  async run(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    for (let failures = 0; !abort.signal.aborted; failures++) {
      const began = Date.now();
      const outcome = await this.#read(abort.signal);
      if (abort.signal.aborted || outcome === "denied") return;
      if (Date.now() - began > SILENCE_MS) failures = 0;
      await wait(Math.min(MAX_WAIT_MS, 500 * 2 ** failures));
    }
  }

  /** One connection, to its end. */
  async #read(stop: AbortSignal): Promise<LinkState> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const response = await this.fetch("/events", { signal: AbortSignal.any([stop, silence.signal]) });
      if (response.status === 401 || response.status === 403) return await this.#denied(response);
      if (response.status === 503) {
        this.#listener.link("full", "As many dashboards are open as the server allows; trying again");
        return "full";
      }
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      this.#listener.link("live", "Live");
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        const events = (text + value).split("\n\n");
        text = events.pop() ?? "";
        for (const event of events) this.#take(event);
      }
      throw new Error("ended");
    } catch {
      if (!stop.aborted) this.#listener.link("lost", "The server does not answer; trying again");
      return "lost";
    } finally {
      clearTimeout(timer);
    }
  }

  async #denied(response: Response): Promise<LinkState> {
    const { error } = (await response.json().catch(() => ({}))) as { error?: string };
    this.#listener.link("denied", error ?? "not allowed");
    return "denied";
  }

  #take(event: string): void {
    const [name, data] = event.split("\ndata: ", 2);
    if (data === undefined) return;
    if (name === "event: history") this.#listener.history(JSON.parse(data) as DashboardHistory);
    if (name === "event: state") this.#listener.state(JSON.parse(data) as DashboardState);
  }

  fetch(path: string, init: RequestInit = {}, token: string = this.#token): Promise<Response> {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    return fetch(this.#base + path, { ...init, headers, cache: "no-store", credentials: "same-origin" });
  }
}
