import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  arrivals,
  constantTraffic,
  exponential,
  LAMBDA_DEFAULTS,
  meanRate,
  measured,
  officeHours,
  SERVER_DEFAULTS,
  simulateLambda,
  simulateServers,
  spikes,
  summarize,
} from "../../src/deployment/index";
import { Random } from "../../src/random/index";

const fixed = (seconds: number) => () => seconds;

const near = (actual: number, expected: number, share: number) =>
  assert.ok(Math.abs(actual - expected) <= share * expected, `${actual} is not within ${share} of ${expected}`);

/** Share of lost requests of an M/G/c/c system with `load` erlangs (Erlang 1917), by the usual recursion. */
function erlangB(load: number, places: number): number {
  let loss = 1;
  for (let place = 1; place <= places; place++) loss = (load * loss) / (place + load * loss);
  return loss;
}

/** Mean waiting time of an M/M/c queue in units of the mean work. */
function erlangCWait(load: number, places: number): number {
  const loss = erlangB(load, places);
  const mustWait = (places * loss) / (places - load * (1 - loss));
  return mustWait / (places - load);
}

describe("traffic", () => {
  test("constant traffic is a Poisson process: counts per second have the rate as mean and variance", () => {
    const counts = new Float64Array(20_000);
    for (const time of arrivals(constantTraffic(5), 0, counts.length, new Random(1))) counts[Math.floor(time)]!++;
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1);
    near(mean, 5, 0.02);
    near(variance, 5, 0.05);
  });

  test("office hours peak at 13 h on weekdays and rest at night and on Sundays", () => {
    const { rate } = officeHours(10, 0.5);
    const at = (day: number, hour: number) => rate((day * 24 + hour) * 3600);
    assert.equal(at(0, 13), 10);
    assert.equal(at(0, 7), 0.5);
    assert.equal(at(6, 13), 0.5);
    // 5 of 7 days, 10 of 24 hours, mean of a half sine 2/pi.
    near(meanRate(officeHours(10)), ((10 * 5) / 7) * (10 / 24) * (2 / Math.PI), 1e-4);
    near(meanRate(spikes(1, 101, 600, 60)), 11, 1e-9);
  });
});

describe("Lambda", () => {
  const options = { ...LAMBDA_DEFAULTS, work: fixed(0.1), coldStart: fixed(2) };

  test("the first request is cold, the next ones reuse its environment, and an idle one dies", () => {
    const outcome = simulateLambda(Float64Array.of(0, 10, 20, 1000), options, new Random(1));
    assert.equal(outcome.coldStarts, 2);
    assert.equal(outcome.maxConcurrency, 1);
    near(outcome.billedSeconds, 2 * 2.1 + 2 * 0.1, 1e-9);
    near(outcome.latency.max, 2.1, 1e-9);
  });

  test("requests at the same time need an environment each, up to the limit", () => {
    const outcome = simulateLambda(Float64Array.of(0, 0, 0, 0), { ...options, concurrencyLimit: 3 }, new Random(1));
    assert.deepEqual([outcome.coldStarts, outcome.throttled, outcome.maxConcurrency], [3, 1, 3]);
    const warm = simulateLambda(Float64Array.of(0, 0, 5), { ...options, provisioned: 2 }, new Random(1));
    assert.equal(warm.coldStarts, 0);
  });

  test("growth is limited to so many environments in ten seconds", () => {
    const burst = new Float64Array(50);
    const outcome = simulateLambda(burst, { ...options, growthPerTenSeconds: 20 }, new Random(1));
    assert.deepEqual([outcome.coldStarts, outcome.throttled], [20, 30]);
  });

  test("with a hard limit and no cold starts it loses what Erlang's formula says", () => {
    const times = arrivals(constantTraffic(80), 0, 2000, new Random(2));
    const work = (random: Random) => exponential(0.1, random);
    const settings = { ...options, work, coldStart: fixed(0), concurrencyLimit: 10, keepAliveSeconds: 1e9 };
    const outcome = simulateLambda(times, settings, new Random(3));
    near(outcome.throttled / outcome.requests, erlangB(8, 10), 0.05);
  });
});

describe("servers", () => {
  const options = { ...SERVER_DEFAULTS, placesPerMachine: 4, queuePerMachine: 1e9, work: fixed(0.1) };

  test("requests wait for a free place, first come first served", () => {
    const outcome = simulateServers(Float64Array.of(0, 0, 0), { ...options, placesPerMachine: 1 }, new Random(1));
    near(outcome.latency.max, 0.3, 1e-9);
    near(outcome.latency.mean, 0.2, 1e-9);
  });

  test("a full queue refuses", () => {
    const outcome = simulateServers(
      new Float64Array(10),
      { ...options, placesPerMachine: 2, queuePerMachine: 3 },
      new Random(1),
    );
    assert.equal(outcome.rejected, 5);
  });

  test("waiting is what Erlang's formula says for an M/M/c queue", () => {
    const work = (random: Random) => exponential(0.1, random);
    const times = arrivals(constantTraffic(32), 0, 20_000, new Random(4));
    const outcome = simulateServers(times, { ...options, work }, new Random(5));
    near(outcome.latency.mean, 0.1 * (1 + erlangCWait(3.2, 4)), 0.05);
  });

  test("the fleet grows with its load after the time a machine takes to start, and shrinks again", () => {
    const times = arrivals(spikes(2, 100, 1e6, 1800), 0, 7200, new Random(6));
    const outcome = simulateServers(times, { ...options, maximumMachines: 8, queuePerMachine: 1000 }, new Random(7));
    // 100/s of 0.1 s need 10 places; at 60 % of 4 places a machine: 4.2, so 5 (or 6 in a busy minute).
    assert.ok(outcome.maxMachines === 5 || outcome.maxMachines === 6, `${outcome.maxMachines}`);
    assert.ok(outcome.machineSeconds > 7200 && outcome.machineSeconds < 6 * 7200);
    const small = simulateServers(times, options, new Random(7));
    near(small.machineSeconds, 7200, 0.01);
    assert.ok(small.latency.p95 > outcome.latency.p95);
  });
});

test("quantiles interpolate as numpy does by default", () => {
  const { p50, p95, max, mean } = summarize([4, 1, 3, 2]);
  assert.deepEqual([p50, max, mean], [2.5, 4, 2.5]);
  near(p95, 3.85, 1e-12);
  const draw = measured([1, 2, 3]);
  const random = new Random(1);
  assert.ok([1, 2, 3].includes(draw(random)));
});
