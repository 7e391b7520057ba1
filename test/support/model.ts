import process from "node:process";
import fc from "fast-check";
import { Random } from "./random.ts";

/** Steps of one model. `TEST_STEPS` replaces it, to look further or to be done sooner. */
export const MODEL_STEPS: number = Number(process.env.TEST_STEPS ?? 1_000_000);
/** Steps of one run at most; half as many on average. */
const LONGEST = 2000;
/** A forced collection after so many steps. */
const COLLECT_EVERY = 20_000;

export interface Model {
  /** One operation on the real thing and the naive one, which then compares. */
  step(random: Random, at: number): void;
  end?(): void;
}

/** A number for each operation. */
const numbers = fc.noBias(fc.array(fc.noBias(fc.nat()), { minLength: 1, maxLength: LONGEST, size: "max" }));

/**
 * Runs of up to 2000 operations, each with a fresh model, until there were `MODEL_STEPS` in all. fast-check draws a
 * number for each operation; where a run fails it leaves out what does not matter and tells what is left.
 */
export function checkModel(
  seed: number,
  collect: () => void,
  begin: () => Model,
): { steps: number; collections: number } {
  const random = new Random(seed);
  let steps = 0;
  let collections = 0;
  const run = (numbers: readonly number[]): void => {
    const model = begin();
    numbers.forEach((number, at) => {
      random.restart(number);
      model.step(random, at);
      if (++steps % COLLECT_EVERY === 0) {
        collect();
        collections += 1;
      }
    });
    model.end?.();
  };
  while (steps < MODEL_STEPS) {
    const numRuns = Math.ceil((MODEL_STEPS - steps) / (LONGEST / 2));
    fc.assert(fc.property(numbers, run), { seed: random.seed + steps, numRuns, includeErrorInReport: true });
  }
  return { steps, collections };
}

export interface AsyncModel {
  /** As that of a `Model`; a promise is waited for before the next one. */
  step(random: Random, at: number): Promise<void> | void;
  end(): Promise<void>;
}

/** As `checkModel`, for what goes on between the steps. */
export async function checkAsyncModel(
  seed: number,
  collect: () => void,
  begin: () => AsyncModel,
): Promise<{ steps: number; collections: number }> {
  const random = new Random(seed);
  const done = { steps: 0, collections: 0 };
  const run = async (numbers: readonly number[]): Promise<void> => {
    const model = begin();
    for (let at = 0; at < numbers.length; at++) {
      random.restart(numbers[at]!);
      const waits = model.step(random, at);
      if (waits !== undefined) await waits;
      if (++done.steps % COLLECT_EVERY !== 0) continue;
      collect();
      done.collections += 1;
    }
    await model.end();
  };
  while (done.steps < MODEL_STEPS) {
    const numRuns = Math.ceil((MODEL_STEPS - done.steps) / (LONGEST / 2));
    const settings = { seed: random.seed + done.steps, numRuns, includeErrorInReport: true };
    await fc.assert(fc.asyncProperty(numbers, run), settings);
  }
  return done;
}
