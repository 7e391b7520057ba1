import { useRuntime } from "../../src/shared/runtime.ts";
import { bunPort } from "./port.ts";

useRuntime(bunPort);

export * from "../../src/index.ts";
