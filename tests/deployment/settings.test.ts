import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { architectureOf, checkSettings, type DeploymentSettings, readSettings } from "../../src/deployment/index";
import { projectRoot } from "../../src/files/index";

const read = () => readSettings(join(projectRoot(), "serve", "aws", "settings.json"));

test("the committed settings are valid", async () => {
  assert.equal((await read()).name, "histo");
});

test("a wrong value is refused with the name of its key", async () => {
  const settings = await read();
  const { lambda, ec2 } = settings;
  const wrong: [Partial<DeploymentSettings>, RegExp][] = [
    [{ name: "Histo_1" }, /name must be/],
    [{ region: "Ireland" }, /region must be/],
    [{ alarmEmail: "nobody" }, /alarmEmail must be/],
    [{ logRetentionDays: 31 }, /logRetentionDays must be/],
    [{ lambda: { ...lambda!, memoryMb: 64 } }, /lambda\.memoryMb must be a whole number from 512 to 10240/],
    [{ lambda: { ...lambda!, provisionedConcurrency: 21 } }, /lambda\.provisionedConcurrency/],
    [{ lambda: { ...lambda!, snapStart: true, modelSource: "efs" } }, /lambda\.snapStart excludes modelSource efs/],
    [{ ec2: { ...ec2!, instanceType: "large" } }, /ec2\.instanceType must be/],
    [{ batch: { cpu: 4096, memoryMb: 100 } }, /batch\.memoryMb/],
    [{ github: { repository: "a b", environment: "production" } }, /github\.repository/],
  ];
  for (const [part, message] of wrong) {
    assert.throws(() => checkSettings({ ...settings, ...part }), { code: "SETTINGS_INVALID", message });
  }
});

test("Graviton is told from the instance family", () => {
  for (const type of ["c7g.large", "t4g.medium", "c6gn.xlarge", "im4gn.large"]) {
    assert.equal(architectureOf(type), "arm64", type);
  }
  for (const type of ["c7i.large", "g4dn.xlarge", "t3.medium", "m7a.large"]) {
    assert.equal(architectureOf(type), "x86_64", type);
  }
});
