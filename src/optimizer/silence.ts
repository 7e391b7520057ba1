/** How long nothing must have come. */
const SILENCE_MS = 10_000;

interface Flight {
  readonly started: number;
  readonly inFlight: number;
}

/** @internal Whether a server that has had requests has none now. Where none ever came it may be no server. */
export function isSilent({ started, inFlight }: Flight, lastMs: number, nowMs: number): boolean {
  return started > 0 && inFlight === 0 && nowMs - lastMs >= SILENCE_MS;
}
