import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  breakEven,
  fixedMonthlyCosts,
  type LambdaShape,
  lambdaMonthlyCost,
  type MonthlyTraffic,
  readPrices,
  readSettings,
  serverMonthlyCost,
} from "../../src/deployment/index";
import { projectRoot } from "../../src/files/index";

const near = (actual: number | undefined, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(actual! - expected) <= tolerance, `${actual} is not ${expected}`);

const traffic = (requests: number): MonthlyTraffic => ({ requests, answerKb: 1, logKb: 0.7 });
const shape: LambdaShape = {
  architecture: "x86_64",
  memoryMb: 1024,
  seconds: 0.1,
  coldSeconds: 2,
  coldShare: 0,
  provisioned: 0,
  provisionedShare: 0,
  modelSource: "image",
  modelGb: 0.1,
};

describe("a month by hand, with the list prices of us-east-1", () => {
  test("a million requests of 100 ms at 1 GB on Lambda", async () => {
    const { items, total } = lambdaMonthlyCost(shape, traffic(1e6), await readPrices());
    near(items.requests, 0.2); // 1,000,000 at $0.20 a million
    near(items["GB-seconds"], 1.66667); // 100,000 GB-s at $0.0000166667
    near(items["HTTP API"], 1); // 1,000,000 at $1.00 a million
    near(items["transfer out"], 0.09); // 1 GB at $0.09
    near(items.logs, 0.35); // 0.7 GB at $0.50
    near(items["image storage"], 0.02); // 0.2 GB at $0.10
    near(total, 3.32667);
  });

  test("two environments of 2 GB kept warm, serving half of two million requests; one in a thousand of all is cold", async () => {
    const warm = { ...shape, memoryMb: 2048, provisioned: 2, provisionedShare: 0.5, coldShare: 0.001 };
    const { items } = lambdaMonthlyCost(warm, traffic(2e6), await readPrices());
    // Kept: 2 x 2 GB x 2,628,000 s at $0.0000041667; at work: 2 GB x 100,000 s at $0.0000097222.
    near(items["provisioned concurrency"], 43.8003504 + 1.94444);
    // On demand: 2 GB x (100,000 s of work + 2,000 x 2 s of starting) at $0.0000166667.
    near(items["GB-seconds"], 208_000 * 0.0000166667);
  });

  test("one c7g.large with 20 GB, a 1 GB model on EFS and six endpoints, a million requests", async () => {
    const server = { instanceType: "c7g.large", instances: 1, diskGb: 20, modelGb: 1, endpoints: 6 };
    const { items, total } = serverMonthlyCost(server, traffic(1e6), await readPrices());
    near(items.machines, 52.925); // 730 h at $0.0725
    near(items.disks, 1.6); // 20 GB at $0.08
    near(items.monitoring, 2.7); // $2.10, and two metrics at $0.30
    near(items.endpoints, 43.8); // 6 x 730 h at $0.01
    near(items.EFS, 0.3);
    near(total, 52.925 + 1.6 + 2.7 + 43.8 + 0.02 + 0.3 + 0.5 + 1 + 0.09 + 0.35);
  });
});

test("a model on EFS is read once a cold start, and its storage is paid", async () => {
  const prices = await readPrices();
  const onEfs = { ...shape, modelSource: "efs" as const, modelGb: 1.44, coldShare: 0.01 };
  const { items } = lambdaMonthlyCost(onEfs, traffic(100_000), prices);
  near(items.EFS, 1.44 * (0.3 + 1000 * 0.03));
});

test("the break-even point of two straight lines is where they cross", () => {
  // $2 a million against $50 and $0.5 a million: 50 / 1.5 = 33.33 million.
  const crossing = breakEven(
    (requests) => 2e-6 * requests,
    (requests) => 50 + 0.5e-6 * requests,
  );
  near(crossing, 33_333_334, 2);
  assert.equal(
    breakEven(
      () => 1,
      () => 2,
    ),
    undefined,
  );
  assert.equal(
    breakEven(
      () => 2,
      () => 1,
    ),
    0,
  );
});

test("the committed settings are estimated stack by stack, with the machines' hours in them", async () => {
  const settings = await readSettings(join(projectRoot(), "serve", "aws", "settings.json"));
  const costs = fixedMonthlyCosts(settings, await readPrices());
  assert.deepEqual(Object.keys(costs), ["network", "storage", "alerts", "lambda", "ec2", "tracking", "batch"]);
  near(costs.network?.total, 7 * 7.3); // six endpoints and the one for secrets, one zone
  near(costs.ec2?.items["1 x c7g.large"], 52.925);
  near(costs.tracking?.items["db.t4g.micro"], 11.68);
  const sum = Object.values(costs).reduce((total, cost) => total + cost.total, 0);
  assert.ok(sum < settings.monthlyBudgetUsd, `${sum}`);
});
