import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const path = join(tmpdir(), "velithon-bench.lock");

function take(): boolean {
  try {
    const file = openSync(path, "wx");
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** The process that holds the lock; `undefined` where nobody does, or it has not yet put its number in. */
function holder(): number | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `timed` while no other benchmark on this machine runs a timed part. A lock left by a dead process is taken over. */
export async function exclusively<T>(timed: () => Promise<T>): Promise<T> {
  for (let told = false; !take(); ) {
    const pid = holder();
    if (pid !== undefined && !isAlive(pid)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) console.error(`waiting for the benchmark of process ${pid ?? "?"} (${path})`);
    told = true;
    await sleep(500);
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await timed();
  } finally {
    process.off("exit", release);
    release();
  }
}
