/**
 * What the kernel's files tell about the cgroup of this process: its limit, its working set, how long it
 * waited for memory. Versions 1 and 2 of cgroups.
 *
 * ```
 * /proc/self/cgroup       where the process is    4:memory:/a/b  (version 1)    0::/a/b  (version 2)
 * /proc/self/mountinfo    where that is to be found: a mount point, and the path that it shows the top of
 * <mount>/a/b, <mount>/a, <mount>    each with its own limit; the tightest one binds
 * ```
 *
 * @module
 */
import type { RuntimePort, TextFile } from "../shared/port.ts";

/** A limit, and the cgroup of this process, change rarely. */
const FIND_INTERVAL_MS = 10_000;
/** `memory.stat` and the stall files cost tens of µs: read at most this often. */
const COSTLY_INTERVAL_MS = 1000;
/** Above: how version 1 writes "no limit" (2^63 less a page). */
const NO_LIMIT_BYTES = 2 ** 62;

interface Place {
  readonly version: 1 | 2;
  /** The process's own cgroup first, the top one that can be seen last. */
  readonly folders: readonly string[];
}

const plainPath = (path: string): string =>
  path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** @internal Where the files of this process's memory cgroup lie; `undefined` where that cannot be told. */
export function placeOf(cgroup: string, mountinfo: string): Place | undefined {
  const entries = cgroup
    .split("\n")
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
    .filter((match) => match !== null);
  const first = entries.find(([, controllers]) => controllers!.split(",").includes("memory"));
  const second = entries.find(([, controllers]) => controllers === "");
  for (const [version, entry] of [[1, first] as const, [2, second] as const]) {
    if (!entry) continue;
    for (const line of mountinfo.split("\n")) {
      const [mount, system] = line.split(" - ", 2).map((half) => half.split(" "));
      if (mount === undefined || system === undefined) continue;
      const fits =
        version === 2
          ? system[0] === "cgroup2"
          : system[0] === "cgroup" && system[2]?.split(",").includes("memory");
      if (!fits) continue;
      return { version, folders: foldersBelow(plainPath(mount[4]!), plainPath(mount[3]!), entry[2]!) };
    }
  }
  return undefined;
}

/** A mount shows the tree from `root` on. A path outside of it: all that can be seen is the mount itself. */
function foldersBelow(mount: string, root: string, path: string): string[] {
  const top = root === "/" ? "" : root;
  const inside = !path.includes("/..") && (path === top || path.startsWith(`${top}/`));
  const names = inside ? path.slice(top.length).split("/").filter(Boolean) : [];
  return names.map((_, i) => `${mount}/${names.slice(0, names.length - i).join("/")}`).concat(mount);
}

function numberIn(text: string | undefined, pattern?: RegExp): number | undefined {
  const found = pattern === undefined ? text?.trim() : text && pattern.exec(text)?.[1];
  return found && /^[\d.]+$/.test(found) ? Number(found) : undefined;
}

function readOnce(port: RuntimePort, path: string): string | undefined {
  const file = port.openText(path);
  const text = file?.read();
  file?.close();
  return text;
}

const limitIn = (text: string | undefined): number => {
  const bytes = numberIn(text);
  return bytes === undefined || bytes >= NO_LIMIT_BYTES ? Number.POSITIVE_INFINITY : bytes;
};

/** The files of one cgroup, kept open. Read by the sampler alone. */
export class Cgroup {
  readonly #port: RuntimePort;
  #foundAtMs = Number.NEGATIVE_INFINITY;
  #costlyAtMs = Number.NEGATIVE_INFINITY;
  #from: string | undefined;
  #place: Place | undefined;
  #folder: string | undefined;
  #usage: TextFile | undefined;
  #stat: TextFile | undefined;
  #stalls: TextFile | undefined;
  #inactiveFileBytes: number | undefined;
  /** The tightest limit of this process's cgroup and its ancestors. */
  limitBytes: number | undefined;
  workingSetBytes: number | undefined;
  psiSomeAvg10Ratio: number | undefined;
  psiFullAvg10Ratio: number | undefined;

  constructor(port: RuntimePort) {
    this.#port = port;
  }

  /** Cost: one system call; two more once a second, and about fifteen every ten seconds. */
  read(nowMs: number): void {
    if (nowMs - this.#foundAtMs >= FIND_INTERVAL_MS) {
      this.#foundAtMs = nowMs;
      this.#find();
    }
    // Timers run a little early or late: half a tick must not turn one second into two.
    if (nowMs - this.#costlyAtMs >= COSTLY_INTERVAL_MS - 10) {
      this.#costlyAtMs = nowMs;
      this.#readCostly();
    }
    const usage = numberIn(this.#usage?.read());
    this.workingSetBytes =
      usage === undefined || this.#inactiveFileBytes === undefined
        ? undefined
        : Math.max(0, usage - this.#inactiveFileBytes);
  }

  #readCostly(): void {
    const version2 = this.#place?.version === 2;
    const inactive = version2 ? /^inactive_file (\d+)$/m : /^total_inactive_file (\d+)$/m;
    this.#inactiveFileBytes = numberIn(this.#stat?.read(), inactive);
    const stalls = this.#stalls?.read();
    const ratio = (percent: number | undefined) => (percent === undefined ? undefined : percent / 100);
    this.psiSomeAvg10Ratio = ratio(numberIn(stalls, /^some avg10=([\d.]+)/m));
    this.psiFullAvg10Ratio = ratio(numberIn(stalls, /^full avg10=([\d.]+)/m));
  }

  #find(): void {
    const from = readOnce(this.#port, "/proc/self/cgroup");
    if (from !== this.#from) {
      const mounts = from === undefined ? undefined : readOnce(this.#port, "/proc/self/mountinfo");
      // What could not be read is asked for again the next time.
      this.#from = mounts === undefined ? undefined : from;
      this.#place = from !== undefined && mounts !== undefined ? placeOf(from, mounts) : undefined;
    }
    const place = this.#place;
    const [own, ...ancestors] = place?.folders ?? [];
    let tightest = Number.POSITIVE_INFINITY;
    let folder: string | undefined = own;
    for (const each of own === undefined ? [] : [own, ...ancestors]) {
      const limit = this.#limitOf(each, place!.version);
      if (limit < tightest) {
        tightest = limit;
        folder = each;
      }
    }
    // Version 1 also tells of ancestors that cannot be seen from inside a container.
    if (own !== undefined && place!.version === 1) {
      const stat = readOnce(this.#port, `${own}/memory.stat`);
      const unseen = limitIn(String(numberIn(stat, /^hierarchical_memory_limit (\d+)$/m)));
      if (unseen < tightest) {
        tightest = unseen;
        folder = place!.folders.at(-1);
      }
    }
    this.limitBytes = Number.isFinite(tightest) ? tightest : undefined;
    this.#open(folder);
  }

  /** Above `memory.high` the kernel takes pages back and slows the process down: nobody serves from there. */
  #limitOf(folder: string, version: 1 | 2): number {
    const read = (name: string): number => limitIn(readOnce(this.#port, `${folder}/${name}`));
    return version === 1 ? read("memory.limit_in_bytes") : Math.min(read("memory.max"), read("memory.high"));
  }

  #open(folder: string | undefined): void {
    if (folder === this.#folder && folder !== undefined) return;
    this.#release();
    this.#folder = folder;
    this.#costlyAtMs = Number.NEGATIVE_INFINITY;
    const open = (path: string): TextFile | undefined => this.#port.openText(path);
    this.#stalls = this.#openStalls(folder);
    if (folder === undefined) return;
    if (this.#place!.version === 2) {
      // The top cgroup of the machine has no such file: it is nobody's working set.
      this.#usage = open(`${folder}/memory.current`);
    } else {
      const machine = open(`${folder}/release_agent`);
      machine?.close();
      this.#usage = machine ? undefined : open(`${folder}/memory.usage_in_bytes`);
    }
    this.#stat = this.#usage && open(`${folder}/memory.stat`);
  }

  /** The cgroup's own where there is one, else the machine's. A kernel may have the file and refuse to read it. */
  #openStalls(folder: string | undefined): TextFile | undefined {
    const own = folder === undefined ? undefined : this.#port.openText(`${folder}/memory.pressure`);
    if (own?.read()) return own;
    own?.close();
    return this.#port.openText("/proc/pressure/memory");
  }

  /** Gives the files back; the next reading finds them again. */
  close(): void {
    this.#release();
    this.#foundAtMs = Number.NEGATIVE_INFINITY;
  }

  #release(): void {
    for (const file of [this.#usage, this.#stat, this.#stalls]) file?.close();
    this.#usage = undefined;
    this.#stat = undefined;
    this.#stalls = undefined;
    this.#folder = undefined;
  }
}
