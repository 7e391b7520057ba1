import { useRuntime } from "../../src/shared/runtime.ts";
import { denoPort } from "./port.ts";

useRuntime(denoPort);

export * from "../../src/index.ts";
