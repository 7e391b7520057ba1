import { test } from "uvu";
import * as assert from "uvu/assert";
import { decideSetting, GAINS, LOSSES, Server } from "../support/planted-setting.ts";
import { Random } from "../support/random.ts";

// `npm run verify:experiment` runs 1,000 of each, with bounds; here enough to see a decision rule break.
const RUNS = 6;

function adoptions(planted: Parameters<typeof decideSetting>[0]): number {
  let adopted = 0;
  for (let run = 0; run < RUNS; run++) {
    if (decideSetting(planted, 104_729 * run + 3).verdict === "adopted") adopted += 1;
  }
  return adopted;
}

for (const [name, planted] of Object.entries(GAINS)) {
  test(`a gain of 25 % is adopted: ${name}`, () => {
    const adopted = adoptions(planted);
    assert.ok(adopted >= RUNS - 1, `${adopted} of ${RUNS}`);
  });
}

for (const [name, planted] of Object.entries(LOSSES)) {
  test(`not adopted: ${name}`, () => assert.is(adoptions(planted), 0));
}

test("an effect that outlasts blocks is seen as that, and blocks become longer", () => {
  const { verdict, blockMs } = decideSetting(
    GAINS["an effect that comes half a block late, and stays as long"]!,
    3,
  );
  assert.is(verdict, "adopted");
  assert.ok(blockMs >= 60_000, `${blockMs}`);
});

test("two blocks that act are one stretch of the setting", () => {
  const server = new Server({ memory: 0, cpu: 0 }, new Random(4));
  const trial = server.try();
  let [acts, begun] = [0, 0];
  for (let tick = 0, before: string | undefined; tick < 12_000; tick++) {
    server.tick();
    trial.tick(server.nowMs);
    const { arm } = trial.getStats();
    if (arm === "acts" && before !== "acts") begun += 1;
    if (arm === "acts") acts += 1;
    before = arm ?? before;
  }
  assert.ok(acts > 100);
  assert.is(server.switchedOn, begun);
});

test("once the harm budget is used up, what was adopted stays in force", () => {
  const server = new Server({ memory: -0.4, cpu: 0 }, new Random(9));
  const trial = server.try();
  const pass = () => {
    server.tick();
    trial.tick(server.nowMs);
  };
  const until = (over: () => boolean) => {
    for (let i = 0; i < 100_000 && !over(); i++) pass();
    assert.ok(over(), JSON.stringify(trial.getStats()));
  };
  until(() => trial.adopted.includes("lean"));
  // Six hours later the others are tried again.
  until(() => trial.getStats().policy === "trim" && trial.acts("trim", server.nowMs, false) !== undefined);
  assert.is(trial.getStats().arm, "holds");
  trial.charge(1000, 1000, 0);
  assert.is(trial.getStats().stage, "stopped");
  for (let i = 0; i < 10; i++) pass();
  assert.equal([trial.adopted, server.isLean], [["lean"], true]);
});

test.run();
