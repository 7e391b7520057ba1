/**
 * The core's second module, for workerd.
 *
 * @module
 */
import "./modules.ts";

export * from "../../src/core/governor-entry.ts";
