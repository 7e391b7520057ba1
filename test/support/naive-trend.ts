import type { TrendFit } from "../../src/core/governor-entry.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Over all pairs of points: the sums of the products of their differences in x and x, x and y, y and y. */
function pairs(x: readonly number[], y: readonly number[]): [xx: number, xy: number, yy: number] {
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const [dx, dy] = [x[i]! - x[j]!, y[i]! - y[j]!];
      xx += dx * dx;
      xy += dx * dy;
      yy += dy * dy;
    }
  }
  return [xx, xy, yy];
}

/** Simpson's rule over 200 intervals. */
function integral(f: (x: number) => number, to: number): number {
  const step = to / 200;
  let sum = f(0) + f(to);
  for (let i = 1; i < 200; i++) sum += f(i * step) * (i % 2 === 1 ? 4 : 2);
  return (sum * step) / 3;
}

/** P(|T| < t) of Student's T, by integrating its density: with t = sqrt(n) tan(a) that is cos(a)^(n - 1). */
export function studentT(t: number, freedom: number): number {
  const density = (angle: number): number => Math.cos(angle) ** (freedom - 1);
  return integral(density, Math.atan(t / Math.sqrt(freedom))) / integral(density, Math.PI / 2);
}

/**
 * The last N points and their least-squares line. Its slope is the mean of the slopes of all pairs of points, each
 * weighed by the square of how far apart its two lie in x: no mean is taken out, no sum is centred.
 */
export class NaiveTrend {
  readonly capacity: number;
  points: Point[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  add(x: number, y: number): void {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    this.points.push({ x, y });
    if (this.points.length > this.capacity) this.points.shift();
  }

  /** The points as seen from the last one: large values that lie close together keep their digits. */
  seen(): { x: number[]; y: number[]; from: Point } {
    const from = this.points.at(-1)!;
    return { x: this.points.map((p) => p.x - from.x), y: this.points.map((p) => p.y - from.y), from };
  }

  fit(): TrendFit & { readonly t: number | undefined } {
    const points = this.points.length;
    const unknown = { slope: undefined, intercept: undefined };
    const untold = { standardError: undefined, rSquared: undefined, confidence: undefined, t: undefined };
    if (new Set(this.points.map((p) => p.x)).size < 2) return { points, ...unknown, ...untold };
    const { x, y, from } = this.seen();
    const [xx, xy, yy] = pairs(x, y);
    const slope = xy / xx;
    const height = mean(y.map((value, i) => value - slope * x[i]!));
    const intercept = from.y + height - slope * from.x;
    if (points < 3) return { points, slope, intercept, ...untold };
    const flat = y.every((value) => value === y[0]);
    if (flat) return { points, slope, intercept, standardError: 0, rSquared: 0, confidence: 0, t: undefined };
    const residual = y.reduce((sum, value, i) => sum + (value - height - slope * x[i]!) ** 2, 0);
    // Of n numbers the squares of all differences add up to n times those from the mean.
    const standardError = Math.sqrt(residual / (points - 2) / (xx / points));
    const t = Math.abs(slope) / standardError;
    const rSquared = 1 - residual / (yy / points);
    const confidence = standardError === 0 ? 1 : studentT(t, points - 2);
    return { points, slope, intercept, standardError, rSquared, confidence, t };
  }
}
