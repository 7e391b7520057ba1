/** Who has an entry for a collected value. */
export interface Buryable {
  bury(place: number, ref: object): void;
}

/**
 * A weak reference that knows where its entry is, but holds neither the entry nor the cache, so that a cache
 * that was dropped can be collected with its keys.
 */
export class ValueRef<V extends object> extends WeakRef<V> {
  readonly home: WeakRef<Buryable>;
  place = -1;

  constructor(value: V, home: WeakRef<Buryable>) {
    super(value);
    this.home = home;
  }
}

/**
 * One for all caches of the process: V8 11 (Node 20) runs no finalizer of the whole process any more once a
 * registry was collected while its finalizers were waiting.
 */
const registry = new FinalizationRegistry<ValueRef<object>>((ref) => ref.home.deref()?.bury(ref.place, ref));

/** About 0.3 µs. */
export function watch(ref: ValueRef<object>, value: object): void {
  registry.register(value, ref, ref);
}

/** Without it, a value that lives long and is put again and again would gather finalizers. */
export function unwatch(ref: ValueRef<object>): void {
  registry.unregister(ref);
}
