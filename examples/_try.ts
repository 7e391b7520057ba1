import { getMemoryOptimizer } from "velithon";
import { createApp } from "velithon/app";
import { createCore } from "velithon/core";
console.log(getMemoryOptimizer().port.name, typeof createApp, typeof createCore, import.meta.resolve("velithon"));
console.log(getMemoryOptimizer().capabilities);
