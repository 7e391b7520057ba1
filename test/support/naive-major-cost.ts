interface Moment {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly finished: number;
}

type Event = Moment & { readonly pauseMs?: number };

/** What majors cost, told from everything that ever happened: nothing is carried from one question to the next. */
export class NaiveMajorCost {
  readonly #events: Event[] = [];

  sample(now: Moment): void {
    this.#events.push(now);
  }

  collected(before: Moment, pauseMs: number): void {
    this.#events.push({ ...before, pauseMs });
  }

  getStats(): { pauses: number; measured: number; measuredPauses: number } {
    const seen = this.#measurements();
    const real = seen.filter((pauses) => pauses !== undefined);
    const raw = seen.reduce<number>((sum, pauses) => sum * 0.9 + (pauses ?? 50) * 0.1, 50);
    let mean = 0;
    real.forEach((pauses, i) => {
      const weight = i < 10 ? 1 / (i + 1) : 0.1;
      mean = mean * (1 - weight) + pauses * weight;
    });
    return {
      pauses: Math.min(200, Math.max(5, raw)),
      measured: real.length,
      measuredPauses: real.length < 5 ? Number.NaN : Math.max(1, mean),
    };
  }

  /** One for each group of majors; `undefined` where there was nothing to compare with. */
  #measurements(): (number | undefined)[] {
    const found: (number | undefined)[] = [];
    let calm: number[] = [];
    let usual = Number.NaN;
    let open: { from: Moment; pausesMs: number } | undefined;
    let from: Moment | undefined;
    const stretch = (to: Moment): void => {
      if (!from || to.finished - from.finished < 100) return;
      const perRequest = (to.cpuMs - from.cpuMs) / (to.finished - from.finished);
      usual = calm.length === 0 ? perRequest : usual * 0.7 + perRequest * 0.3;
      calm.push(perRequest);
    };
    for (const event of this.#events) {
      if (event.pauseMs !== undefined) {
        if (!open) stretch(event);
        open = { from: open?.from ?? event, pausesMs: (open?.pausesMs ?? 0) + event.pauseMs };
        continue;
      }
      if (open && event.atMs - open.from.atMs >= 3000) {
        const requests = event.finished - open.from.finished;
        const more = event.cpuMs - open.from.cpuMs - requests * usual;
        const known = calm.length > 0 && requests >= 100;
        found.push(known ? Math.min(200, Math.max(-200, more / open.pausesMs)) : undefined);
        open = undefined;
        calm = [];
        from = event;
      } else if (!open && from && event.atMs - from.atMs >= 900) {
        stretch(event);
        from = event;
      }
      from ??= event;
    }
    return found;
  }
}
