import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore, type GovernorCore, LazyGovernorCore } from "../../src/core/governor.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { fakePort } from "../support/port.ts";
import { randomSteps } from "../support/random.ts";

const MB = 1024 * 1024;

/** What a room asks of its core, by numbers from 0 to 1: prepared once, then acts, and reads what a call leaves behind. */
interface Room {
  prepare(core: GovernorCore): number;
  act(core: GovernorCore, at: number, now: number, d: readonly number[]): unknown;
  read(core: GovernorCore, at: number, now: number): unknown;
  readonly numbers: number;
}

const GB = 1024 * MB;

const ROOMS: Readonly<Record<string, Room>> = {
  verdict: {
    prepare({ exports }) {
      exports.verdictReset();
      return 0;
    },
    act({ exports }, _at, now, [choice, a, b, c]) {
      if (choice! < 0.3) return exports.verdictFloor(now, a! * GB, b! * GB);
      return exports.verdictSample(now, a! * GB, b! * GB, c! * GB, c! * GB, 2 * GB, 4 * GB, 3, 50, now / 20);
    },
    read: ({ exports }, _at, now) => exports.verdictDecide(now),
    numbers: 14,
  },
  pressure: {
    prepare({ exports }) {
      exports.pressureConfigure(0.7, 0.8, 0.9, 2000);
      exports.reliefConfigure();
      exports.shedConfigure();
      return 0;
    },
    act({ exports }, _at, now, [choice, a, b, c]) {
      if (choice! < 0.5) return exports.shedAdmit(now, Math.floor(a! * 3), b! * 5 * MB, c!);
      exports.pressureSample(now, a! * GB, GB, b! * GB, 2 * GB, c!, 20);
      exports.shedFollow(now);
      return exports.reliefDue(now);
    },
    read: ({ exports }) => exports.pressureStats(),
    numbers: 19,
  },
  policies: {
    prepare({ exports }) {
      exports.governorConfigure(15);
      return 0;
    },
    act({ exports }, _at, now, [choice, a, b, c]) {
      // What majors cost is measured apart, and charged to the policies.
      if (c! < 0.2) exports.costCollected(now, now / 3, now / 5, 1 + a! * 50);
      else exports.costSample(now, now / 3 + b! * 50, now / 5);
      exports.governorLook(now, now / 10, choice! < 0.5 ? 1 : 0, now - a! * 2000);
      exports.governorSense(now, now / 3, b! * GB);
      exports.governorMarks(now, a!, c!, 0);
      const wait = exports.governorNext(now);
      return wait === 0 ? exports.governorConfirm(exports.governorOpportunity(), now, now / 10, 0) : wait;
    },
    read: ({ exports }) => exports.governorStats(),
    numbers: 12,
  },
  budget: {
    prepare({ exports }) {
      const table = exports.budgetCreate(8, 100 * MB);
      for (let i = 0; i < 4; i++) exports.budgetJoin(table, 50 * MB, 0);
      return table;
    },
    act({ exports }, at, _now, [choice, a, b, c]) {
      exports.budgetTell(at, Math.floor(choice! * 4), a! * 50 * MB, 50 * MB, b! * 1e6, c! * 1e6, MB, 1);
      exports.budgetStep(at);
    },
    read: ({ exports }, at) => exports.budgetMember(at, 2),
    numbers: 6,
  },
  pool: {
    prepare: ({ exports }) => exports.breakEvenCreate(),
    act({ exports }, at, _now, [, a, b]) {
      exports.breakEvenReset(at, a! * 200);
      return exports.breakEvenMade(at, b! * 200) === 0 ? 0 : exports.breakEvenDecide(at, 50, 30);
    },
    read: ({ exports }, at) => exports.breakEvenStats(at),
    numbers: 5,
  },
  routes: {
    prepare({ exports }) {
      const table = exports.survivorsCreate(3, 0);
      exports.survivorsBegin(table, 1);
      // One route that leaves nothing and one that leaves much: the ranking is never empty.
      for (let i = 0; i < 6; i++) exports.survivorsKept(table, i % 2, (i % 2) * MB);
      return table;
    },
    act({ exports }, at, _now, [choice, a]) {
      const route = 2 + Math.floor(choice! * 8);
      exports.survivorsKept(at, route, a! * 5000);
      return exports.survivorsBegin(at, route);
    },
    read: ({ exports }, at) => exports.survivorsRank(at),
    numbers: 7,
  },
  trend: {
    prepare: ({ exports }) => exports.trendCreate(30),
    act: ({ exports }, at, now, [a]) => exports.trendAdd(at, now, a!),
    read: ({ exports }, at) => exports.trendFit(at),
    numbers: 6,
  },
};

test("rooms that share one core get the answers that each would get from a core of its own", () => {
  const shared = createGovernorCore();
  const rooms = Object.entries(ROOMS).map(([name, room]) => {
    const own = createGovernorCore();
    return { name, room, own, atOwn: room.prepare(own), atShared: room.prepare(shared) };
  });
  let now = 0;
  randomSteps(20_261_128, 20_000, (random) => {
    now += random.int(1, 500);
    const { name, room, own, atOwn, atShared } = random.pick(rooms);
    const drawn = [random.next(), random.next(), random.next(), random.next()];
    assert.is(room.act(shared, atShared, now, drawn), room.act(own, atOwn, now, drawn), name);
    assert.is(room.read(shared, atShared, now), room.read(own, atOwn, now), name);
    const numbers = (core: GovernorCore): number[] => [...core.scratch.slice(0, room.numbers)];
    assert.equal(numbers(shared), numbers(own), name);
  });
});

test("an optimizer makes one governor core for all its rooms, when the first of them needs it", () => {
  const made: unknown[] = [];
  const original = WebAssembly.Instance;
  WebAssembly.Instance = new Proxy(original, {
    construct(target, given) {
      made.push(given);
      return Reflect.construct(target, given);
    },
  });
  try {
    const port = fakePort();
    const optimizer = createMemoryOptimizer({ port, governor: { policy: "observe" } });
    assert.is(made.length, 1, "the core");
    const alone = optimizer.coreBytes;
    optimizer.enable();
    port.advance(5000);
    const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}), mode: "auto" });
    for (let i = 0; i < 1000; i++) pool.release(pool.acquire());
    optimizer.budget.shrinkTo(MB);
    optimizer.getMemoryStats();
    optimizer.getVerdict();
    assert.is(optimizer.pressure.admit("low", 0), true);
    optimizer.disable();
    assert.is(made.length, 2, "and one governor");
    assert.ok(optimizer.coreBytes > alone);
    createMemoryOptimizer({ port: fakePort(), budgetBytes: MB, governor: { policy: "auto" } })
      .enable()
      .disable();
    assert.is(made.length, 4, "another optimizer has its own");
  } finally {
    WebAssembly.Instance = original;
  }
});

test("a lazy core is made once, and counts nothing before", () => {
  const lazy = new LazyGovernorCore();
  assert.is(lazy.memoryBytes, 0);
  assert.is(lazy.load(), lazy.load());
  assert.is(lazy.memoryBytes, lazy.load().memoryBytes);
});

test.run();
