/**
 * @internal Calls back once the object that was registered was collected. One for the whole process: V8 11 (Node 20)
 * runs no finalizer of anybody any more once a registry was collected while its finalizers were waiting.
 */
export const finalizers: FinalizationRegistry<() => void> = new FinalizationRegistry((collected) =>
  collected(),
);
