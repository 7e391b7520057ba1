/**
 * velithon for browsers and web workers.
 *
 * @module
 */
import { useRuntime } from "../../src/shared/runtime.ts";
import { webPort } from "./port.ts";

useRuntime(webPort);

export * from "../../src/index.ts";
