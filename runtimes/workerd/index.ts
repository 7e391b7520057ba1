/**
 * velithon for workerd.
 *
 * @module
 */
import "./modules.ts";

export * from "../web/index.ts";
