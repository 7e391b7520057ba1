import { test } from "uvu";
import * as assert from "uvu/assert";
import { placeOf } from "../../src/monitor/cgroup.ts";

const V2_MOUNT = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
const V1_MOUNT = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";

test("where the files lie", () => {
  const cases: [string, string, string, ReturnType<typeof placeOf>][] = [
    [
      "version 2 on a machine",
      "0::/system.slice/web.service\n",
      V2_MOUNT,
      {
        version: 2,
        folders: ["/sys/fs/cgroup/system.slice/web.service", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup"],
      },
    ],
    ["version 2 in a container", "0::/\n", V2_MOUNT, { version: 2, folders: ["/sys/fs/cgroup"] }],
    ["outside of its namespace", "0::/../other\n", V2_MOUNT, { version: 2, folders: ["/sys/fs/cgroup"] }],
    [
      "version 1 in a container: the mount shows the container's own part",
      "9:memory:/docker/abc\n1:name=systemd:/\n",
      V1_MOUNT.replace(" / /sys", " /docker/abc /sys"),
      { version: 1, folders: ["/sys/fs/cgroup/memory"] },
    ],
    [
      "below what the mount shows",
      "9:memory:/docker/abc/worker\n",
      V1_MOUNT.replace(" / /sys", " /docker/abc /sys"),
      { version: 1, folders: ["/sys/fs/cgroup/memory/worker", "/sys/fs/cgroup/memory"] },
    ],
    [
      "a neighbour whose name begins the same",
      "9:memory:/docker/abcd\n",
      V1_MOUNT.replace(" / /sys", " /docker/abc /sys"),
      { version: 1, folders: ["/sys/fs/cgroup/memory"] },
    ],
    [
      "both versions: memory is where its controller is",
      "4:cpu,memory:/a\n0::/b\n",
      `${V2_MOUNT}\n36 31 0:33 / /cg/cpu,memory rw - cgroup cgroup rw,cpu,memory`,
      { version: 1, folders: ["/cg/cpu,memory/a", "/cg/cpu,memory"] },
    ],
    [
      "a mount point with a space",
      "0::/a\n",
      "30 23 0:26 / /sys/fs/my\\040cgroup rw - cgroup2 cgroup2 rw",
      { version: 2, folders: ["/sys/fs/my cgroup/a", "/sys/fs/my cgroup"] },
    ],
    ["not mounted", "0::/a\n", "22 1 0:20 / /proc rw - proc proc rw", undefined],
    ["nothing", "", "", undefined],
  ];
  for (const [name, cgroup, mounts, expected] of cases) assert.equal(placeOf(cgroup, mounts), expected, name);
});

test.run();
