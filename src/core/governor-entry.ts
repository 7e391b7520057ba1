/**
 * The core's second module, for what is decided rarely, and the trend that is in it.
 *
 * @example
 * ```ts
 * import { createGovernorCore, Trend } from "velithon/core/governor";
 *
 * const trend = new Trend(createGovernorCore(), 60);
 * for (let second = 0; second < 60; second++) trend.add(second, 50 + second * 0.1);
 * console.log(trend.fit().slope);
 * ```
 *
 * @module
 */
export { createGovernorCore, type GovernorCore } from "./governor.ts";
export { Trend, type TrendFit } from "./trend.ts";
