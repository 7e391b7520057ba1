import type { RuntimePort } from "../../src/index.ts";
import { turn } from "./reachable.ts";

/** What a program holds after forced collections: bytes, or objects where the runtime tells no bytes. */
export async function floor(port: RuntimePort): Promise<number> {
  for (let i = 0; i < 2; i++) {
    await turn();
    port.collect("major");
    await turn();
  }
  return port.readHeapUsedBytes() ?? port.countObjects()!;
}
