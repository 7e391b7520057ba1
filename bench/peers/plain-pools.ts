/** A stack and nothing else: the least that reuse can cost. */
export class UncheckedPool<T extends object> {
  readonly #create: () => T;
  readonly #idle: T[] = [];

  constructor(create: () => T) {
    this.#create = create;
  }

  acquire(): T {
    return this.#idle.pop() ?? this.#create();
  }

  release(object: T): void {
    this.#idle.push(object);
  }
}

/** A pool as one writes it by hand when a double release must not go unnoticed. */
export class CheckedPool<T extends object> {
  readonly #create: () => T;
  readonly #idle: T[] = [];
  readonly #leased = new Set<T>();
  readonly #maxSize: number;

  constructor(create: () => T, maxSize: number) {
    this.#create = create;
    this.#maxSize = maxSize;
  }

  acquire(): T {
    const object = this.#idle.pop() ?? this.#create();
    this.#leased.add(object);
    return object;
  }

  release(object: T): void {
    if (!this.#leased.delete(object)) throw new Error("released what is not leased");
    if (this.#idle.length < this.#maxSize) this.#idle.push(object);
  }
}
