import { type Core, SieveOrder } from "../../src/core/index.ts";

interface Entry<K, V> {
  readonly key: K;
  readonly place: number;
  value: V;
}

/** The least cache of strongly held values on the public core: a `Map`, and SIEVE for who has to go. */
export class SieveCache<K, V> {
  readonly #order: SieveOrder;
  readonly #entries = new Map<K, Entry<K, V>>();
  readonly #places: (Entry<K, V> | undefined)[];

  constructor(core: Core, max: number) {
    this.#order = new SieveOrder(core, max);
    this.#places = new Array(max).fill(undefined);
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#order.hit(entry.place);
    return entry.value;
  }

  set(key: K, value: V): void {
    const held = this.#entries.get(key);
    if (held !== undefined) {
      held.value = value;
      return;
    }
    const place = this.#order.insert();
    const evicted = this.#places[place];
    if (evicted !== undefined) this.#entries.delete(evicted.key);
    const entry = { key, place, value };
    this.#places[place] = entry;
    this.#entries.set(key, entry);
  }
}
