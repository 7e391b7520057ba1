/**
 * The core alone, for workerd.
 *
 * @module
 */
import "./modules.ts";

export * from "../../src/core/index.ts";
