/**
 * The runtime's own start script under a memory limit. SIGUSR2 makes it take that memory and keep it.
 */
import process from "node:process";
import { enableMemoryOptimizations } from "../../src/index.ts";
import { loadPort } from "./port.ts";

const MB = 1024 * 1024;
/** Room above what the process needs at rest. */
const ROOM_MB = 200;
const PIECE_MB = 20;

const kept: Uint8Array[] = [];
process.on("SIGUSR2", () => {
  for (let mb = 0; mb < ROOM_MB; mb += PIECE_MB) kept.push(new Uint8Array(PIECE_MB * MB).fill(1));
});

const port = await loadPort();
const atRest = port.readMemory().rssBytes ?? 0;
// The start script asks for it without options, and gets this one.
enableMemoryOptimizations({ port, limitBytes: atRest + ROOM_MB * MB });
if ("Deno" in globalThis) await import("../../runtimes/deno/serve.ts");
else if ("Bun" in globalThis) await import("../../runtimes/bun/serve.ts");
else await import("../../runtimes/node/serve.ts");
