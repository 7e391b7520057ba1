/** @internal What the core writes as NaN is not known. */
export function known(value: number | undefined): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}

/** @internal For the core: NaN where the runtime cannot tell. */
export function orNaN(value: number | undefined): number {
  return value ?? Number.NaN;
}
