import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { defaultSettings, packageRoot, resources, synthesize, type Template } from "./synthesized";

const settings = defaultSettings();
/** The default, and the choices that change the most: model on EFS, open to all, two zones, several servers. */
const variants = {
  default: settings,
  "model on EFS, public, two servers": {
    ...settings,
    endpointZones: 2 as const,
    lambda: { ...settings.lambda!, modelSource: "efs" as const, authorization: "none" as const },
    ec2: { ...settings.ec2!, instances: 2, authorization: "none" as const },
  },
  "provisioned concurrency": { ...settings, lambda: { ...settings.lambda!, provisionedConcurrency: 2 } },
  SnapStart: { ...settings, lambda: { ...settings.lambda!, snapStart: true } },
};

/** Actions of AWS that take no resource: the SSM agent's own, signing in to a registry, reading the outcome of a command or a scan. */
const WITHOUT_RESOURCE = [
  /^(ssm|ssmmessages|ec2messages):(Acknowledge|Create|Delete|Fail|Get|List|Open|Put|Send|Update)(Message|Messages|ControlChannel|DataChannel|Endpoint|Reply|Inventory|Associations|InstanceAssociations|InstanceAssociationStatus|InstanceInformation)$/,
  /^ecr:GetAuthorizationToken$/,
  /^ssm:ListCommand(s|Invocations)$/,
  /^inspector2:List(Coverage|Findings)$/,
  /^xray:/,
];

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

function statements(templates: Record<string, Template>): (Statement & { path: string })[] {
  const found: (Statement & { path: string })[] = [];
  const visit = (value: unknown, path: string): void => {
    if (value === null || typeof value !== "object") return;
    if ("Effect" in value && "Action" in value) found.push({ ...(value as Statement), path });
    for (const [key, child] of Object.entries(value)) visit(child, `${path}/${key}`);
  };
  visit(templates, "");
  return found;
}

test("pages of the origins in the settings may call the function: a browser's question is open and answered", () => {
  const corsOrigins = "https://a.example";
  const { templates, report } = synthesize({ ...settings, lambda: { ...settings.lambda!, corsOrigins } });
  const routes = resources(templates, "AWS::ApiGatewayV2::Route").filter(({ path }) => path.startsWith("lambda/"));
  const open = routes.filter(({ Properties }) => Properties.AuthorizationType === "NONE");
  assert.deepEqual(
    open.map(({ Properties }) => Properties.RouteKey),
    ["OPTIONS /{proxy+}"],
  );
  const environments = resources(templates, "AWS::Lambda::Function").map(({ Properties }) => Properties.Environment);
  assert.ok(JSON.stringify(environments).includes(`"HISTO_CORS_ORIGINS":"${corsOrigins}"`));
  for (const { violations } of report.pluginReports) assert.deepEqual(violations, []);
});

for (const [name, variant] of Object.entries(variants)) {
  describe(name, () => {
    const { templates, report } = synthesize(variant);

    test("cdk-nag and CDK's own checks find nothing; each exception has a reason", () => {
      for (const { violations, suppressedViolations = [] } of report.pluginReports) {
        assert.deepEqual(violations, []);
        for (const { reason } of suppressedViolations) assert.ok(reason.length > 20, reason);
      }
      assert.ok(report.pluginReports.some(({ pluginName }) => pluginName === "AwsSolutions"));
    });

    test("no port is open to the internet", () => {
      const rules = [
        ...resources(templates, "AWS::EC2::SecurityGroup").flatMap(
          ({ Properties }) => (Properties.SecurityGroupIngress ?? []) as Record<string, unknown>[],
        ),
        ...resources(templates, "AWS::EC2::SecurityGroupIngress").map(({ Properties }) => Properties),
      ];
      assert.ok(rules.length >= 3);
      for (const rule of rules) {
        assert.ok(rule.SourceSecurityGroupId, `the source is a group: ${JSON.stringify(rule)}`);
        assert.equal(rule.CidrIp, undefined);
        assert.notEqual(rule.FromPort, 22);
      }
      assert.equal(resources(templates, "AWS::EC2::InternetGateway").length, 0);
    });

    test("no statement allows a wildcard action, or anybody to come in from outside", () => {
      const all = statements(templates).filter(({ Effect }) => Effect === "Allow");
      assert.ok(all.length > 20);
      for (const { Action, Principal, path } of all) {
        for (const action of [Action].flat()) {
          const keyOwner = action === "kms:*" && path.includes("KeyPolicy");
          assert.ok(keyOwner || !action.includes("*"), `${path}: ${action}`);
        }
        if (!["*", '{"AWS":"*"}'].includes(Principal === "*" ? "*" : JSON.stringify(Principal))) continue;
        assert.ok(path.startsWith("/network/"), `${path}: everybody, and not only inside of the network`);
      }
    });

    test("all resources at once are named only for actions that know no single one", () => {
      const all = statements(templates).filter(({ Effect, path }) => Effect === "Allow" && !path.includes("KeyPolicy"));
      for (const { Action, Resource, Condition, path } of all) {
        if (Resource !== "*") continue;
        for (const action of [Action].flat()) {
          const bounded = Condition !== undefined;
          assert.ok(bounded || WITHOUT_RESOURCE.some((pattern) => pattern.test(action)), `${path}: ${action}`);
        }
      }
    });

    test("everything at rest is encrypted", () => {
      const each = (type: string, encrypted: (properties: Record<string, unknown>) => unknown) => {
        const found = resources(templates, type);
        assert.ok(found.length > 0, type);
        for (const { Properties, path } of found) assert.ok(encrypted(Properties), path);
      };
      each("AWS::S3::Bucket", (bucket) => bucket.BucketEncryption);
      each("AWS::EFS::FileSystem", (volume) => volume.Encrypted);
      each("AWS::RDS::DBInstance", (database) => database.StorageEncrypted);
      each("AWS::SNS::Topic", (topic) => topic.KmsMasterKeyId);
      each("AWS::ECR::Repository", (repository) => repository.EncryptionConfiguration);
      each("AWS::EC2::Instance", ({ BlockDeviceMappings }) =>
        (BlockDeviceMappings as { Ebs: { Encrypted: boolean } }[]).every(({ Ebs }) => Ebs.Encrypted),
      );
    });

    test("the model volume refuses plain NFS and leaves it to the roles who may mount and write", () => {
      const [volume] = resources(templates, "AWS::EFS::FileSystem");
      const policy = volume?.Properties.FileSystemPolicy as { Statement: Statement[] };
      assert.deepEqual(
        policy.Statement.map(({ Effect, Condition }) => [Effect, Condition]),
        [["Deny", { Bool: { "aws:SecureTransport": "false" } }]],
      );
      const writers = statements(templates).filter(({ Action }) =>
        [Action].flat().includes("elasticfilesystem:ClientWrite"),
      );
      // Each through its own access point: the servers their models, the slides' jobs their results.
      const paths = writers.map(({ path }) => path.split("/").slice(1, 4).join("/")).sort();
      assert.equal(paths.length, 2, paths.join());
      assert.match(paths[0] as string, /^batch\/Resources\/SlidesJobRole/);
      assert.match(paths[1] as string, /^ec2\/Resources\/Role/);
    });

    test("buckets are private and refuse plain HTTP", () => {
      const policies = resources(templates, "AWS::S3::BucketPolicy");
      for (const { Properties, path } of resources(templates, "AWS::S3::Bucket")) {
        const block = Properties.PublicAccessBlockConfiguration as Record<string, boolean>;
        assert.deepEqual(Object.values(block), [true, true, true, true], path);
      }
      assert.equal(policies.length, resources(templates, "AWS::S3::Bucket").length);
      for (const policy of policies) assert.match(JSON.stringify(policy.Properties), /"aws:SecureTransport":"false"/);
    });

    test("machines have no SSH key, no public address, and metadata version 2 only", () => {
      for (const { Properties } of resources(templates, "AWS::EC2::Instance")) {
        assert.equal(Properties.KeyName, undefined);
        assert.ok(!JSON.stringify(Properties).includes('AssociatePublicIpAddress":true'));
      }
      const machines = resources(templates, "AWS::EC2::Instance");
      assert.ok(machines.length >= 2);
      for (const { Properties, path } of machines) {
        const { HttpTokens, HttpPutResponseHopLimit } = Properties.MetadataOptions as Record<string, unknown>;
        // Two hops: the container takes the machine's role.
        assert.deepEqual([HttpTokens, HttpPutResponseHopLimit], ["required", 2], path);
      }
    });

    test("workflows get roles only from the one repository and environment", () => {
      const roles = resources(templates, "AWS::IAM::Role").filter(({ Properties }) =>
        JSON.stringify(Properties).includes("AssumeRoleWithWebIdentity"),
      );
      assert.equal(roles.length, 2);
      for (const { Properties } of roles) {
        assert.match(JSON.stringify(Properties), /:sub":"repo:OWNER\/REPOSITORY:environment:production"/);
        assert.doesNotMatch(JSON.stringify(Properties), /StringLike/);
      }
    });

    test("every log group has a retention, every alarm tells the topic and names its runbook entry", () => {
      for (const { Properties, path } of resources(templates, "AWS::Logs::LogGroup")) {
        assert.equal(Properties.RetentionInDays, variant.logRetentionDays, path);
      }
      const runbook = join(packageRoot, "..", "..", "docs", "runbook.md");
      const headings = existsSync(runbook) ? readFileSync(runbook, "utf8").match(/^### .*$/gm) : undefined;
      for (const { Properties, path } of resources(templates, "AWS::CloudWatch::Alarm")) {
        assert.ok((Properties.AlarmActions as unknown[]).length >= 1, path);
        const entry = /Runbook: "(.+)"/.exec(String(Properties.AlarmDescription))?.[1];
        assert.ok(entry, path);
        if (headings) assert.ok(headings.includes(`### ${entry}`), `docs/runbook.md has no entry ${entry}`);
      }
    });
  });
}

test("what a teardown leaves is named: data only, nothing that computes", () => {
  const { templates } = synthesize(settings);
  const kept = Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.values(Resources)
      .filter(({ DeletionPolicy }) => DeletionPolicy === "Retain" || DeletionPolicy === "Snapshot")
      .map(({ Type, DeletionPolicy }) => `${stack}: ${Type} (${DeletionPolicy})`),
  );
  assert.deepEqual(kept.sort(), [
    "lambda: AWS::Lambda::Version (Retain)",
    "storage: AWS::EFS::FileSystem (Retain)",
    "storage: AWS::S3::Bucket (Retain)",
    "storage: AWS::S3::Bucket (Retain)",
    "storage: AWS::S3::Bucket (Retain)",
    "tracking: AWS::RDS::DBInstance (Snapshot)",
    "tracking: AWS::S3::Bucket (Retain)",
  ]);
});
