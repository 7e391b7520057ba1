/**
 * V8's heap profiler through `node:inspector`, on Node and Deno (there it needs --allow-sys).
 *
 * @module
 */
import type { HeapProfiler } from "node:inspector";
import inspector from "node:inspector";
import type { AllocationProfile, AllocationSite, Capability } from "../src/shared/port.ts";
import { attempt, available, unavailable } from "./shared.ts";

type Node = HeapProfiler.SamplingHeapProfileNode;

/** Of its callers, the nearest. */
const MAX_STACK = 8;

const place = ({ functionName, url, lineNumber }: Node["callFrame"]): string =>
  `${functionName || "(anonymous)"} (${url}:${lineNumber + 1})`;

/** Bytes alive by the innermost function that has a file: what it made through the engine's own is its own. */
function sitesOf(head: Node): AllocationSite[] {
  const sites = new Map<string, AllocationSite>();
  const walk = (node: Node, callers: readonly Node["callFrame"][]): void => {
    const stack = node.callFrame.url === "" ? callers : [node.callFrame, ...callers];
    const [frame] = stack;
    if (node.selfSize > 0 && frame) {
      const key = `${frame.functionName} ${frame.url}:${frame.lineNumber}:${frame.columnNumber}`;
      const known = sites.get(key);
      sites.set(key, {
        functionName: frame.functionName,
        file: frame.url,
        line: frame.lineNumber + 1,
        column: frame.columnNumber + 1,
        bytes: (known?.bytes ?? 0) + node.selfSize,
        callers: known?.callers ?? stack.slice(1, MAX_STACK + 1).map(place),
      });
    }
    for (const child of node.children) walk(child, stack);
  };
  walk(head, []);
  return [...sites.values()];
}

function connect(): inspector.Session | undefined {
  return attempt(() => {
    const session = new inspector.Session();
    session.connect();
    return session;
  });
}

export const allocationSites: Capability = (() => {
  const session = connect();
  session?.disconnect();
  return session
    ? available
    : unavailable("the heap profiler cannot be reached; on Deno --allow-sys permits it");
})();

/** Takes collect first, so that what is dead is not counted: a major collection each, 5 to 200 ms. */
export async function profileAllocations(everyBytes: number): Promise<AllocationProfile | undefined> {
  const session = connect();
  if (!session) return undefined;
  const post = <T>(method: string, parameters?: object): Promise<T> =>
    new Promise((resolve, reject) => {
      session.post(method, parameters, (error: Error | null, result?: object) =>
        error ? reject(error) : resolve(result as T),
      );
    });
  // To disconnect ends what the session began: its sampling too.
  try {
    await post("HeapProfiler.enable");
    await post("HeapProfiler.startSampling", { samplingInterval: everyBytes });
  } catch (error) {
    session.disconnect();
    throw error;
  }
  return {
    async take() {
      const { profile } = await post<{ profile: { head: Node } }>("HeapProfiler.getSamplingProfile");
      return sitesOf(profile.head);
    },
    async close() {
      try {
        await post("HeapProfiler.stopSampling");
        await post("HeapProfiler.disable");
      } finally {
        session.disconnect();
      }
    },
  };
}
