import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointCount } from "../../../src/deployment/cost";
import { defaultSettings, resources, synthesize } from "./synthesized";

const settings = defaultSettings();

test("the estimate counts the endpoints that the network has", () => {
  for (const part of [
    settings,
    { ...settings, tracking: undefined as never },
    { ...settings, endpointZones: 2 as const },
  ]) {
    const chosen = Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined));
    const endpoints = resources(synthesize(chosen as unknown as typeof settings).templates, "AWS::EC2::VPCEndpoint");
    const zones = endpoints.map(({ Properties }) => ((Properties.SubnetIds ?? []) as unknown[]).length);
    const interfaces = zones.reduce((sum, count) => sum + count, 0);
    assert.equal(interfaces, endpointCount(chosen as unknown as typeof settings));
  }
});

test("the network has the S3 gateway endpoint and the interface endpoints, in as many zones as asked for", () => {
  for (const endpointZones of [1, 2] as const) {
    const endpoints = resources(synthesize({ ...settings, endpointZones }).templates, "AWS::EC2::VPCEndpoint");
    const services = endpoints.map(({ Properties }) => JSON.stringify(Properties.ServiceName));
    for (const name of ["s3", "ecr.api", "ecr.dkr", "logs", "monitoring", "ssm", "ssmmessages", "secretsmanager"]) {
      assert.ok(
        services.some((service) => service.includes(`.${name}"`)),
        name,
      );
    }
    for (const { Properties } of endpoints) {
      if (Properties.VpcEndpointType === "Interface") {
        assert.equal((Properties.SubnetIds as unknown[]).length, endpointZones);
      }
    }
  }
});

test("a part that the settings leave out is not deployed", () => {
  const { lambda, name, region, monthlyBudgetUsd, logRetentionDays, endpointZones } = settings;
  const { templates } = synthesize({
    name,
    region,
    monthlyBudgetUsd,
    logRetentionDays,
    endpointZones,
    lambda: lambda!,
  });
  assert.deepEqual(Object.keys(templates).sort(), ["alerts", "lambda", "network", "storage"]);
  const endpoints = resources(templates, "AWS::EC2::VPCEndpoint");
  assert.deepEqual(
    endpoints.map(({ Properties }) => Properties.VpcEndpointType),
    ["Gateway"],
    "a function alone needs no interface endpoint",
  );
});

test("a machine that is gone is made anew when that is asked for, which CloudFormation would not notice", () => {
  const machines = (asked?: Readonly<Record<string, string>>) =>
    resources(synthesize(settings, asked).templates, "AWS::EC2::Instance").map(({ path }) => path);
  assert.deepEqual(machines(), machines());
  const [before, after] = [machines(), machines({ replace: "2026-12-01" })];
  assert.equal(after.length, before.length);
  // A machine of another name in the template replaces the one of before.
  assert.ok(after.every((path) => !before.includes(path)));
});

test("a function with its model in the image stays out of the private network; one with EFS is in it", () => {
  const configuration = (modelSource: "image" | "efs") => {
    const { templates } = synthesize({ ...settings, lambda: { ...settings.lambda!, modelSource } });
    return resources(templates, "AWS::Lambda::Function")[0]!.Properties;
  };
  assert.equal(configuration("image").VpcConfig, undefined);
  assert.equal(configuration("image").FileSystemConfigs, undefined);
  assert.ok(configuration("efs").VpcConfig);
  assert.match(JSON.stringify(configuration("efs").FileSystemConfigs), /\/mnt\/models/);
});
