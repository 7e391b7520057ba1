import inspector from "node:inspector";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadPort } from "../support/port.ts";

const port = await loadPort();
const { available } = port.capabilities.allocationSites;

/** What `use` throws, and how many sessions stay open, while the heap profiler refuses a command. */
async function refusing(command: string, use: () => Promise<unknown>): Promise<readonly [unknown, number]> {
  const { prototype } = inspector.Session;
  const { post, connect, disconnect } = prototype;
  let open = 0;
  prototype.connect = function (this: inspector.Session): void {
    open += 1;
    connect.call(this);
  };
  prototype.disconnect = function (this: inspector.Session): void {
    open -= 1;
    disconnect.call(this);
  };
  prototype.post = function (this: inspector.Session, ...given: Parameters<typeof post>): void {
    const [method, , answer] = given as unknown as [string, unknown, (error: Error) => void];
    if (method === command) answer(new Error(`no ${command}`));
    else post.apply(this, given);
  } as typeof post;
  try {
    const error = await use().then(
      () => undefined,
      (thrown: Error) => thrown.message,
    );
    return [error, open];
  } finally {
    Object.assign(prototype, { post, connect, disconnect });
  }
}

test("no session stays open where the profiler refuses to begin, or to end", async () => {
  if (!available) return assert.is(await port.profileAllocations(1024), undefined);
  for (const command of ["HeapProfiler.enable", "HeapProfiler.startSampling"]) {
    const got = await refusing(command, () => port.profileAllocations(64 * 1024));
    assert.equal(got, [`no ${command}`, 0]);
  }
  for (const command of ["HeapProfiler.stopSampling", "HeapProfiler.disable"]) {
    const got = await refusing(command, async () => (await port.profileAllocations(64 * 1024))!.close());
    assert.equal(got, [`no ${command}`, 0]);
  }
  const profile = await port.profileAllocations(64 * 1024);
  assert.ok(Array.isArray(await profile!.take()), "and the next search works");
  await profile!.close();
});

test.run();
