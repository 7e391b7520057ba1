import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** A memory cgroup of our own for one server. */
export interface MemoryCgroup {
  readonly version: 1 | 2;
  /** Processes that the kernel killed in it for want of memory. */
  kills(): number;
  /** Highest use of memory so far, in bytes; `undefined` where the kernel does not tell. */
  peakBytes(): number | undefined;
  /** What a shell runs to enter it. */
  readonly enter: string;
  remove(): void;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Where this process may make cgroups: a folder, and its version. */
function parents(): { version: 1 | 2; folder: string }[] {
  const lines = (read("/proc/self/cgroup") ?? "").split("\n");
  const found: { version: 1 | 2; folder: string }[] = [];
  for (const line of lines) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    const own = path === "/" ? "" : path;
    if (controllers.split(",").includes("memory")) {
      // Beside the own one where it lies deeper: a container may see itself as the root.
      for (const folder of [`/sys/fs/cgroup/memory${own}`, "/sys/fs/cgroup/memory"]) {
        found.push({ version: 1, folder });
      }
    }
    if (controllers === "") {
      for (const folder of [`/sys/fs/cgroup${own}`, "/sys/fs/cgroup"]) found.push({ version: 2, folder });
    }
  }
  return found;
}

function make(version: 1 | 2, folder: string, limitBytes: number): MemoryCgroup | undefined {
  const path = join(folder, `velithon-survival-${process.pid}-${Math.random().toString(36).slice(2, 8)}`);
  try {
    if (version === 2) {
      // Children have the memory files only where the parent hands the controller down.
      if (!/\bmemory\b/.test(read(join(folder, "cgroup.subtree_control")) ?? "")) {
        writeFileSync(join(folder, "cgroup.subtree_control"), "+memory");
      }
    }
    mkdirSync(path);
  } catch {
    return undefined;
  }
  const remove = (): void => {
    try {
      rmdirSync(path);
    } catch {
      // The kernel keeps it until the last process in it is gone.
    }
  };
  try {
    const set = (name: string, value: string) => writeFileSync(join(path, name), value);
    if (version === 1) {
      set("memory.limit_in_bytes", String(limitBytes));
      // Without accounting of swap there is no such file.
      if (read(join(path, "memory.memsw.limit_in_bytes")) !== undefined) {
        set("memory.memsw.limit_in_bytes", String(limitBytes));
      }
    } else {
      set("memory.max", String(limitBytes));
      if (read(join(path, "memory.swap.max")) !== undefined) set("memory.swap.max", "0");
    }
  } catch {
    remove();
    return undefined;
  }
  const counted = version === 1 ? "memory.oom_control" : "memory.events";
  const peak = version === 1 ? "memory.max_usage_in_bytes" : "memory.peak";
  return {
    version,
    kills: () => Number(/^oom_kill (\d+)$/m.exec(read(join(path, counted)) ?? "")?.[1] ?? 0),
    peakBytes: () => {
      const text = read(join(path, peak));
      return text === undefined ? undefined : Number(text);
    },
    enter: `echo $$ > ${join(path, "cgroup.procs")}`,
    remove,
  };
}

/** `undefined` where no memory cgroup can be made here. */
export function createCgroup(limitBytes: number): MemoryCgroup | undefined {
  for (const { version, folder } of parents()) {
    const made = make(version, folder, limitBytes);
    if (made) return made;
  }
  return undefined;
}
