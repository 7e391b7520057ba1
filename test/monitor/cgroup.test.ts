import { test } from "uvu";
import * as assert from "uvu/assert";
import { Cgroup } from "../../src/monitor/cgroup.ts";
import { MemoryMonitor } from "../../src/monitor/memory-monitor.ts";
import { fakePort } from "../support/port.ts";

const MB = 1024 * 1024;
const V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
const V1_MOUNT = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";

const stat2 = (inactive: number): string => `anon 5\nfile 99\ninactive_file ${inactive}\nactive_file 7\n`;

function version2(): Record<string, string> {
  return {
    "/proc/self/cgroup": "0::/pod/web\n",
    "/proc/self/mountinfo": V2_MOUNT,
    "/sys/fs/cgroup/pod/web/memory.max": "max\n",
    "/sys/fs/cgroup/pod/web/memory.high": "max\n",
    "/sys/fs/cgroup/pod/web/memory.current": `${90 * MB}\n`,
    "/sys/fs/cgroup/pod/web/memory.stat": stat2(10 * MB),
    "/sys/fs/cgroup/pod/memory.max": `${512 * MB}\n`,
    "/sys/fs/cgroup/pod/memory.high": "max\n",
    "/sys/fs/cgroup/pod/memory.current": `${300 * MB}\n`,
    "/sys/fs/cgroup/pod/memory.stat": stat2(50 * MB),
    "/sys/fs/cgroup/pod/memory.pressure":
      "some avg10=12.50 avg60=1.00 avg300=0.00 total=9\nfull avg10=3.25 avg60=0.00 avg300=0.00 total=2\n",
  };
}

test("version 2: the tightest ancestor binds, with its own working set and stalls", () => {
  const port = fakePort({ files: version2() });
  const cgroup = new Cgroup(port);
  cgroup.read(0);
  assert.is(cgroup.limitBytes, 512 * MB);
  assert.is(cgroup.workingSetBytes, 250 * MB);
  assert.is(cgroup.psiSomeAvg10Ratio, 0.125);
  assert.is(cgroup.psiFullAvg10Ratio, 0.0325);

  port.files["/sys/fs/cgroup/pod/web/memory.high"] = `${100 * MB}\n`;
  cgroup.read(5000);
  assert.is(cgroup.limitBytes, 512 * MB, "limits are looked for every ten seconds");
  cgroup.read(10_000);
  assert.is(cgroup.limitBytes, 100 * MB);
  assert.is(cgroup.workingSetBytes, 80 * MB);
  assert.is(cgroup.psiSomeAvg10Ratio, undefined, "no such file, and none of the machine");

  cgroup.close();
  assert.equal(port.openFiles, []);
});

test("the costly files once a second, by a timer that comes up to 10 ms early, and not more often", () => {
  const files = version2();
  const stat = "/sys/fs/cgroup/pod/memory.stat";
  const current = "/sys/fs/cgroup/pod/memory.current";
  files[current] = `${100 * MB}\n`;
  files[stat] = stat2(20 * MB);
  const cgroup = new Cgroup(fakePort({ files }));
  const at = (nowMs: number, inactiveMb: number): number => {
    files[stat] = stat2(inactiveMb * MB);
    cgroup.read(nowMs);
    return 100 - cgroup.workingSetBytes! / MB;
  };
  assert.is(at(0, 20), 20);
  assert.is(at(989, 30), 20, "too early");
  assert.is(at(990, 30), 30);
  assert.is(at(1980, 40), 40);
  assert.is(at(2900, 50), 40, "too early");
});

test("no limit anywhere: the own cgroup's working set, no limit; the top one's is nobody's", () => {
  const files = version2();
  files["/sys/fs/cgroup/pod/memory.max"] = "max\n";
  const own = new Cgroup(fakePort({ files }));
  own.read(0);
  assert.is(own.limitBytes, undefined);
  assert.is(own.workingSetBytes, 80 * MB);

  const top = new Cgroup(fakePort({ files: { ...files, "/proc/self/cgroup": "0::/\n" } }));
  top.read(0);
  assert.is(top.workingSetBytes, undefined);
});

test("mounts that cannot be read once, for want of a descriptor, are asked for again", () => {
  const files = version2();
  const mounts = files["/proc/self/mountinfo"]!;
  delete files["/proc/self/mountinfo"];
  const cgroup = new Cgroup(fakePort({ files }));
  cgroup.read(0);
  assert.is(cgroup.limitBytes, undefined);
  files["/proc/self/mountinfo"] = mounts;
  cgroup.read(20_000);
  assert.is(cgroup.limitBytes, 512 * MB);
});

test("version 2 in a container that sees its own cgroup as the root: the files of the mount bind", () => {
  const files = {
    "/proc/self/cgroup": "0::/\n",
    "/proc/self/mountinfo": V2_MOUNT,
    "/sys/fs/cgroup/memory.max": `${256 * MB}\n`,
    "/sys/fs/cgroup/memory.high": `${200 * MB}\n`,
    "/sys/fs/cgroup/memory.current": `${120 * MB}\n`,
    "/sys/fs/cgroup/memory.stat": stat2(20 * MB),
    "/sys/fs/cgroup/memory.pressure": "some avg10=3.00 avg60=0.00 avg300=0.00 total=1\n",
  };
  const cgroup = new Cgroup(fakePort({ files }));
  cgroup.read(0);
  assert.is(cgroup.limitBytes, 200 * MB);
  assert.is(cgroup.workingSetBytes, 100 * MB);
  assert.is(cgroup.psiSomeAvg10Ratio, 0.03);
  assert.is(cgroup.psiFullAvg10Ratio, undefined, "an old kernel tells of some alone");
});

test("version 2: of four levels the tightest, wherever it lies, and its own figures", () => {
  const folders = ["/sys/fs/cgroup/a/b/c", "/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a"];
  for (const tightest of folders) {
    const files: Record<string, string> = {
      "/proc/self/cgroup": "0::/a/b/c\n",
      "/proc/self/mountinfo": V2_MOUNT,
    };
    folders.forEach((folder, i) => {
      files[`${folder}/memory.max`] = `${(folder === tightest ? 100 : 500 + i) * MB}\n`;
      files[`${folder}/memory.high`] = "max\n";
      files[`${folder}/memory.current`] = `${(50 + i) * MB}\n`;
      files[`${folder}/memory.stat`] = stat2(10 * MB);
    });
    const cgroup = new Cgroup(fakePort({ files }));
    cgroup.read(0);
    assert.is(cgroup.limitBytes, 100 * MB, tightest);
    assert.is(cgroup.workingSetBytes, (40 + folders.indexOf(tightest)) * MB, tightest);
  }
});

function version1(): Record<string, string> {
  return {
    "/proc/self/cgroup": "4:memory:/docker/abc\n0::/\n",
    "/proc/self/mountinfo": `${V1_MOUNT}\n${V2_MOUNT}`,
    "/proc/pressure/memory":
      "some avg10=1.00 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0 avg300=0 total=0\n",
    "/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": `${256 * MB}\n`,
    "/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes": `${100 * MB}\n`,
    "/sys/fs/cgroup/memory/docker/abc/memory.stat": `inactive_file 1\nhierarchical_memory_limit ${256 * MB}\ntotal_inactive_file ${30 * MB}\n`,
    "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${9000 * MB}\n`,
    "/sys/fs/cgroup/memory/memory.stat": `total_inactive_file 5\n`,
    "/sys/fs/cgroup/memory/release_agent": "\n",
  };
}

test("version 1: the same, from its own files; a huge limit is none", () => {
  const port = fakePort({ files: version1() });
  const cgroup = new Cgroup(port);
  cgroup.read(0);
  assert.is(cgroup.limitBytes, 256 * MB);
  assert.is(cgroup.workingSetBytes, 70 * MB);
  assert.is(cgroup.psiSomeAvg10Ratio, 0.01);
  assert.is(cgroup.psiFullAvg10Ratio, 0);

  port.files["/proc/self/cgroup"] = "4:memory:/\n";
  cgroup.read(20_000);
  assert.is(cgroup.limitBytes, undefined);
  assert.is(cgroup.workingSetBytes, undefined, "the whole machine's is nobody's");
});

test("version 1: an ancestor that cannot be seen binds as well", () => {
  const files = version1();
  const path = "/sys/fs/cgroup/memory/docker/abc/memory.stat";
  files[path] = files[path]!.replace(`limit ${256 * MB}`, `limit ${128 * MB}`);
  const cgroup = new Cgroup(fakePort({ files }));
  cgroup.read(0);
  assert.is(cgroup.limitBytes, 128 * MB);
});

test("version 1: what an unseen ancestor allows is measured where the mount begins, below the own cgroup's top", () => {
  const files: Record<string, string> = {
    "/proc/self/cgroup": "9:memory:/docker/abc/worker\n",
    "/proc/self/mountinfo": V1_MOUNT.replace(" / /sys", " /docker/abc /sys"),
    "/sys/fs/cgroup/memory/worker/memory.usage_in_bytes": `${40 * MB}\n`,
    "/sys/fs/cgroup/memory/worker/memory.stat": `hierarchical_memory_limit ${128 * MB}\ntotal_inactive_file 0\n`,
    "/sys/fs/cgroup/memory/memory.usage_in_bytes": `${100 * MB}\n`,
    "/sys/fs/cgroup/memory/memory.stat": `total_inactive_file ${10 * MB}\n`,
  };
  const cgroup = new Cgroup(fakePort({ files }));
  cgroup.read(0);
  assert.equal([cgroup.limitBytes, cgroup.workingSetBytes], [128 * MB, 90 * MB]);
});

test("usage below the pages that can be dropped: 0, not less; garbage: undefined", () => {
  const files = version2();
  files["/sys/fs/cgroup/pod/memory.stat"] = stat2(400 * MB);
  const port = fakePort({ files });
  const cgroup = new Cgroup(port);
  cgroup.read(0);
  assert.is(cgroup.workingSetBytes, 0);
  for (const text of ["", "abc", "-5"]) {
    port.files["/sys/fs/cgroup/pod/memory.current"] = text;
    cgroup.read(1);
    assert.is(cgroup.workingSetBytes, undefined, text);
  }
});

test("no files: all undefined", () => {
  const cgroup = new Cgroup(fakePort());
  cgroup.read(0);
  assert.equal(
    [cgroup.limitBytes, cgroup.workingSetBytes, cgroup.psiSomeAvg10Ratio, cgroup.psiFullAvg10Ratio],
    [undefined, undefined, undefined, undefined],
  );
});

test("costly files once a second at most, however fast the sampler goes; all closed when it stops", () => {
  const port = fakePort({ files: version2() });
  const monitor = new MemoryMonitor(
    port,
    () => 0,
    () => {},
  );
  assert.is(monitor.read().limitSource, "cgroup");
  assert.equal(port.openFiles, [], "nothing stays open before the start");
  monitor.start();
  monitor.setSampleInterval(100);
  const before = { ...port.fileReads };
  port.advance(30_000);
  const reads = (path: string): number => port.fileReads[path]! - (before[path] ?? 0);
  assert.ok(reads("/sys/fs/cgroup/pod/memory.current") >= 299);
  assert.ok(reads("/sys/fs/cgroup/pod/memory.stat") <= 31);
  assert.ok(reads("/sys/fs/cgroup/pod/memory.pressure") <= 33);
  assert.ok(reads("/proc/self/cgroup") <= 4);
  const { usedBytes, limitBytes } = monitor.read();
  assert.equal([usedBytes, limitBytes], [250 * MB, 512 * MB]);
  monitor.stop();
  assert.equal(port.openFiles, []);
});

test.run();
