import { show, VelithonError } from "../shared/errors.ts";

/** Before anything is made, so that a refused one takes no memory of the core. */
export function requireFree(registry: ReadonlyMap<string, unknown>, what: string, name: string): void {
  if (!registry.has(name)) return;
  throw new VelithonError(
    "NAME_TAKEN",
    `there is a ${what} named ${show(name)} already; accepted: another name, or close() the first`,
  );
}

/** What `read` answers for each, by name: any name is an own key, `__proto__` as well. */
export function byName<T, R>(registry: ReadonlyMap<string, T>, read: (item: T) => R): Record<string, R> {
  const out: Record<string, R> = {};
  for (const [name, item] of registry) {
    const value = read(item);
    if (name === "__proto__") {
      Object.defineProperty(out, name, { value, enumerable: true, configurable: true, writable: true });
    } else {
      out[name] = value;
    }
  }
  return out;
}
