// workerd forbids compiling from bytes: there an import of a .wasm file is the compiled module.
import core from "../../core.wasm";
import governor from "../../governor.wasm";
import { useGovernorModule } from "../../src/core/governor.ts";
import { useCoreModule } from "../../src/core/load.ts";

useCoreModule(core);
useGovernorModule(governor);
