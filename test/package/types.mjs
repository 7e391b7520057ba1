/** Fails to compile where a type is missing, or is `any`. */
export const types = `
import { getMemoryOptimizer } from "velithon";
import { createApp } from "velithon/app";
import { Histogram, loadCore } from "velithon/core";
import { memoryGovernance } from "velithon/hono";
import { getMemoryOptimizer as onNode } from "velithon/node";
import { getMemoryOptimizer as onWeb } from "velithon/web";
import { slotsCreate } from "velithon-core";
import init from "velithon-core/web";
const pool = getMemoryOptimizer().createObjectPool({ name: "maps", factory: () => new Map<string, number>() });
export const map: Map<string, number> = pool.acquire();
export const response: Response | Promise<Response> = createApp({ optimizer: getMemoryOptimizer() }).request("/");
export const count: number = new Histogram(loadCore()).summary().count;
export const same: ReturnType<typeof onNode> = onWeb();
export const table: number = slotsCreate(1, 8);
export const ready: Promise<{ memory: WebAssembly.Memory }> = init();
// @ts-expect-error a pool hands out what its factory makes
export const wrongObject: Set<string> = pool.acquire();
// @ts-expect-error an application is no number
export const wrongApp: number = createApp({ optimizer: getMemoryOptimizer() });
// @ts-expect-error a count is no string
export const wrongCount: string = new Histogram(loadCore()).summary().count;
// @ts-expect-error a middleware takes options
export const wrongMiddleware: number = memoryGovernance(5);
// @ts-expect-error a table has a capacity
export const wrongTable: number = slotsCreate(1);
`;
