/** What an option accepts, as its message says it, and what it must refuse. */
export interface Rule {
  readonly accepted: string;
  readonly wrong: readonly unknown[];
  readonly required?: boolean;
  /** Its value must not be shown. */
  readonly hidden?: boolean;
}

const NO_NUMBER: readonly unknown[] = ["5", "", null, true, [], {}, () => 1, 5n, Number.NaN, Symbol("five")];
const ENDLESS = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
export const NO_OBJECT: readonly unknown[] = [null, 5, -1, Number.NaN, "text", true, []];

export function whole(min: number, max: number): Rule {
  const beyond = [min - 1, max + 1, -1, min + 0.5, ...ENDLESS];
  return { accepted: `a whole number from ${min} to ${max}`, wrong: [...NO_NUMBER, ...beyond] };
}

export function number(min: number, max: number): Rule {
  const above = max + 0.001 > max ? max + 0.001 : max + 1;
  const beyond = [min - 0.001, above, -1, ...ENDLESS];
  return { accepted: `a number from ${min} to ${max}`, wrong: [...NO_NUMBER, ...beyond] };
}

/** One of some values, or an object that has what it takes. */
export const one = (accepted: string, ...wrong: readonly unknown[]): Rule => ({
  accepted,
  wrong: [...NO_OBJECT, {}, Symbol("one"), ...wrong],
});

export const required = (rule: Rule): Rule => ({ ...rule, required: true });

export const powerOfTwo = (min: number, max: number): Rule => ({
  accepted: `a power of two from ${min} to ${max}`,
  wrong: [...NO_NUMBER, ...ENDLESS, -min, 0, min / 2, min - 1, min + 1, min * 3, min + 0.5, max * 2],
});

export const flag: Rule = {
  accepted: "true or false",
  wrong: [0, 1, "true", "", null, {}, [], Number.NaN, -1],
};
export const text: Rule = {
  accepted: "a string of 1 to 200 characters",
  wrong: ["", "x".repeat(201), 5, null, true, {}, [], Number.NaN, Symbol("name")],
};
/** A string's value is in no message. */
export const secret: Rule = {
  accepted: "16 to 200 visible ASCII characters",
  wrong: ["", "x".repeat(15), "x".repeat(201), "sixteen, with \u{1f600} in it"],
  hidden: true,
};
export const callback: Rule = one("a function", "() => 1");
export const object: Rule = { accepted: "an object", wrong: NO_OBJECT };
export const abortSignal: Rule = one("an AbortSignal", { aborted: false }, new AbortController());

/** A value as a message may show it. */
export function shown(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? JSON.stringify(value).slice(0, 50) : JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return value.length > 8 ? "an array" : "[";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

export const thresholds: Rule = {
  accepted: "3 whole numbers from 1 to 1000000000",
  wrong: [
    ...NO_OBJECT,
    {},
    [1, 2],
    [1, 2, 3, 4],
    [0, 1, 1],
    [1, -1, 1],
    [1, 1, 1.5],
    [1, Number.NaN, 1],
    [1, 1, 1_000_000_001],
    ["1", 1, 1],
    "1,1,1",
  ],
};
export const ratios: Rule = {
  accepted: "three rising numbers above 0 and below 1",
  wrong: [
    ...NO_OBJECT,
    {},
    [0.7, 0.8],
    [0.7, 0.8, 0.9, 0.95],
    [0, 0.5, 0.9],
    [0.5, 0.7, 1],
    [0.8, 0.7, 0.9],
    [0.7, 0.7, 0.9],
    [-0.1, 0.5, 0.9],
    [0.5, Number.NaN, 0.9],
    ["0.7", "0.8", "0.9"],
  ],
};
export const factory: Rule = {
  accepted: "a function that makes an object, or an object with create",
  required: true,
  wrong: [
    ...NO_OBJECT,
    {},
    { create: 5 },
    { create: () => ({}), reset: 5 },
    { create: () => ({}), dispose: null },
    { reset() {} },
  ],
};
export const names: Rule = required({
  accepted: "1 to 32 different names",
  wrong: [...NO_OBJECT, {}, [""], ["a", "a"], [5], Array.from({ length: 33 }, (_, i) => `${i}`)],
});
export const policy: Rule = one(
  "observe, interval, quiet, watermark, early, trim, seal, auto, lean, or a list of different ones",
  "Quiet",
  ["quiet", "quiet"],
  ["quiet", 5],
  ["observe", "quiet"],
  ["auto", "interval"],
);
