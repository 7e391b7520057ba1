import { useRuntime } from "../../src/shared/runtime.ts";
import { nodePort } from "./port.ts";

useRuntime(nodePort);

export * from "../../src/index.ts";
