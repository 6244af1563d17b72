/** @module A private machine that runs a compose file and documents with commands: no SSH, encrypted disk, metadata v2, recovery, metrics. */

import { Duration, Stack } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { Ec2Action, Ec2InstanceAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import type { IRepository } from "aws-cdk-lib/aws-ecr";
import { PolicyStatement, type PolicyStatementProps, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { CfnDocument } from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import { architectureOf } from "../../../../src/deployment/settings";
import { acknowledge } from "../grants";
import type { AlertsStack } from "./alerts";

export interface HostProps {
  readonly vpc: ec2.IVpc;
  readonly zone: number;
  readonly instanceType: string;
  readonly diskGb: number;
  readonly securityGroups: readonly [ec2.ISecurityGroup, ...ec2.ISecurityGroup[]];
  readonly role: Role;
  readonly userData: ec2.UserData;
  readonly alerts: AlertsStack;
  readonly name: string;
}

/** Namespace of the metrics that the CloudWatch agent sends. */
export const METRICS = "Histology";

/** Role of a host: SSM sessions and commands, its log group, its images, its own metrics. Nothing else. */
export function hostRole(scope: Construct, id: string, log: ILogGroup, images: readonly IRepository[]): Role {
  const role = new Role(scope, id, { assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
  const { region, account, partition } = Stack.of(scope);
  const allow = (statement: PolicyStatementProps) => role.addToPolicy(new PolicyStatement(statement));
  allow({
    sid: "SessionManager",
    actions: [
      "ssm:UpdateInstanceInformation",
      "ssm:ListInstanceAssociations",
      "ssm:ListAssociations",
      "ssm:UpdateInstanceAssociationStatus",
      "ssm:PutInventory",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
      "ec2messages:AcknowledgeMessage",
      "ec2messages:DeleteMessage",
      "ec2messages:FailMessage",
      "ec2messages:GetEndpoint",
      "ec2messages:GetMessages",
      "ec2messages:SendReply",
    ],
    resources: ["*"],
  });
  const documents = (owner: string) => `arn:${partition}:ssm:${region}:${owner}:document/*`;
  allow({
    sid: "Documents",
    actions: ["ssm:GetDocument", "ssm:DescribeDocument"],
    resources: [documents(account), documents("")],
  });
  allow({
    sid: "Metrics",
    actions: ["cloudwatch:PutMetricData"],
    resources: ["*"],
    conditions: { StringEquals: { "cloudwatch:namespace": METRICS } },
  });
  log.grantWrite(role);
  for (const repository of images) repository.grantPull(role);
  acknowledge(
    role,
    "IAM5[Resource::*]",
    "The SSM agent's messages, PutMetricData (limited to one namespace) and GetAuthorizationToken accept no resource.",
  );
  for (const owner of [account, ""]) {
    const finding = `arn:<AWS::Partition>:ssm:<AWS::Region>:${owner && "<AWS::AccountId>"}:document/*`;
    acknowledge(role, `IAM5[Resource::${finding}]`, "The machine only reads documents: Amazon's and this account's.");
  }
  return role;
}

export class Host extends Construct {
  readonly instance: ec2.Instance;

  constructor(scope: Construct, id: string, props: HostProps) {
    super(scope, id);
    const [first, ...others] = props.securityGroups;
    const arm = architectureOf(props.instanceType) === "arm64";
    // Another start script makes a new machine, as does this line: for one that is gone, which CloudFormation does not notice.
    const replaced: unknown = this.node.tryGetContext("replace");
    if (replaced !== undefined) props.userData.addCommands(`# In place of the machine before ${replaced}`);
    this.instance = new ec2.Instance(this, "Instance", {
      instanceName: props.name,
      vpc: props.vpc,
      vpcSubnets: { subnets: [props.vpc.isolatedSubnets[props.zone % 2]!] },
      instanceType: new ec2.InstanceType(props.instanceType),
      machineImage: ec2.MachineImage.latestAmazonLinux2023({
        cpuType: arm ? ec2.AmazonLinuxCpuType.ARM_64 : ec2.AmazonLinuxCpuType.X86_64,
      }),
      securityGroup: first,
      role: props.role,
      userData: props.userData,
      userDataCausesReplacement: true,
      httpTokens: ec2.HttpTokens.REQUIRED,
      // Two hops, so that the container can use the machine's role to read tiles from S3. Nothing else runs on the machine.
      httpPutResponseHopLimit: 2,
      detailedMonitoring: true,
      disableApiTermination: false,
      ebsOptimized: true,
      blockDevices: [
        {
          deviceName: "/dev/xvda",
          volume: ec2.BlockDeviceVolume.ebs(props.diskGb, { encrypted: true, volumeType: ec2.EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    for (const group of others) this.instance.addSecurityGroup(group);
    const why = "The machine stores nothing: a new one starts by itself from the images and the volume.";
    acknowledge(this.instance, "EC29", why);
    this.alarms(props);
  }

  private alarms({ alerts, name }: HostProps): void {
    const dimensionsMap = { InstanceId: this.instance.instanceId };
    const metric = (namespace: string, metricName: string) =>
      new Metric({ namespace, metricName, dimensionsMap, period: Duration.minutes(5) });
    const alarm = (id: string, what: string, metric: Metric, threshold: number, evaluationPeriods: number) =>
      alerts.alarm(this, id, { alarmDescription: `${name}: ${what}.`, metric, threshold, evaluationPeriods });
    alarm("Cpu", 'CPU above 85 % for 15 minutes. Runbook: "CPU"', metric("AWS/EC2", "CPUUtilization"), 85, 3);
    alarm("Disk", 'disk above 80 %. Runbook: "Disk"', metric(METRICS, "disk_used_percent"), 80, 1);
    alarm("Memory", 'memory above 90 % for 15 minutes. Runbook: "Memory"', metric(METRICS, "mem_used_percent"), 90, 3);
    const failed = (check: string) =>
      metric("AWS/EC2", `StatusCheckFailed_${check}`).with({ period: Duration.minutes(1), statistic: "Maximum" });
    const moved = 'the hardware failed; AWS moves the machine to other hardware. Runbook: "Machine"';
    const restarted = 'the operating system does not respond; AWS restarts the machine. Runbook: "Machine"';
    alarm("Broken", moved, failed("System"), 1, 2).addAlarmAction(new Ec2Action(Ec2InstanceAction.RECOVER));
    alarm("Stuck", restarted, failed("Instance"), 1, 3).addAlarmAction(new Ec2Action(Ec2InstanceAction.REBOOT));
  }
}

/** Packages and the metrics agent, from Amazon's repositories through the S3 endpoint. */
export function baseUserData(): ec2.UserData {
  const userData = ec2.UserData.forLinux();
  const agent = {
    agent: { metrics_collection_interval: 60 },
    metrics: {
      namespace: METRICS,
      append_dimensions: { InstanceId: `\${aws:InstanceId}` },
      aggregation_dimensions: [["InstanceId"]],
      metrics_collected: {
        disk: { measurement: ["used_percent"], resources: ["/"] },
        mem: { measurement: ["used_percent"] },
      },
    },
  };
  userData.addCommands(
    "set -euo pipefail",
    "dnf install -y docker amazon-efs-utils amazon-cloudwatch-agent",
    "systemctl enable --now docker",
    `cat > /opt/aws/amazon-cloudwatch-agent/etc/histo.json <<'AGENT'\n${JSON.stringify(agent)}\nAGENT`,
    "/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:/opt/aws/amazon-cloudwatch-agent/etc/histo.json",
  );
  return userData;
}

/**
 * Commands that unpack the tools image (the compose program, the compose file, the deployment script) to /opt/histo.
 * Amazon Linux has no package of compose, and the machine has no way to the internet; so it comes as an image.
 */
function unpackTools(stack: Stack, image: string): string[] {
  return [
    `aws ecr get-login-password --region ${stack.region} | docker login --username AWS --password-stdin ${registryOf(stack)}`,
    `docker pull --quiet "${image}"`,
    `docker rm --force histo-tools >/dev/null 2>&1 || true`,
    `docker create --name histo-tools "${image}" none >/dev/null`,
    "mkdir -p /usr/local/lib/docker/cli-plugins /opt/histo",
    "docker cp histo-tools:/docker-compose /usr/local/lib/docker/cli-plugins/docker-compose",
    "docker cp histo-tools:/histo/. /opt/histo/",
    "docker rm histo-tools >/dev/null",
  ];
}

/** Commands that unpack the tools when a machine starts, and set `IMAGE`. @param parameters their common path in SSM */
export function takeTools(stack: Stack, parameters: string): string[] {
  const read = (name: string) =>
    `$(aws ssm get-parameter --region ${stack.region} --name ${parameters}/${name} --query Parameter.Value --output text)`;
  return [`TOOLS=${read("tools")}`, `IMAGE=${read("image")}`, ...unpackTools(stack, "$TOOLS")];
}

/** A document that unpacks the tools and starts an image of `repository` with one of their scripts, both given by digest. */
export function startDocument(
  stack: Stack,
  name: string,
  use: {
    readonly document: string;
    readonly repository: string;
    readonly description: string;
    readonly script: string;
  },
): void {
  const registry = registryOf(stack);
  hostDocument(stack, `${name}-${use.document}`, {
    description: use.description,
    parameters: { image: imageByDigest(name, use.repository), tools: imageByDigest(name, "tools") },
    commands: [...unpackTools(stack, `${registry}/{{ tools }}`), `/opt/histo/${use.script} "${registry}/{{ image }}"`],
  });
}

function registryOf({ account, region, urlSuffix }: Stack): string {
  return `${account}.dkr.ecr.${region}.${urlSuffix}`;
}

interface DocumentParameter {
  readonly description: string;
  /** Regular expression for the value, which becomes part of a shell command. */
  readonly allowedPattern: string;
}

/** An image of one of the deployment's repositories, by digest and without the registry. */
function imageByDigest(name: string, repository: string): DocumentParameter {
  return { description: `${repository} image`, allowedPattern: `^${name}/${repository}@sha256:[a-f0-9]{64}$` };
}

/** Creates a document. It waits until a new machine has run its start script, then runs the commands until one fails. */
export function hostDocument(
  scope: Construct,
  name: string,
  {
    description,
    parameters,
    commands,
  }: {
    readonly description: string;
    readonly parameters: Readonly<Record<string, DocumentParameter>>;
    readonly commands: readonly string[];
  },
): CfnDocument {
  const runCommand = ["set -eu", "cloud-init status --wait >/dev/null || true", ...commands];
  const typed = Object.entries(parameters).map(([key, parameter]) => [key, { type: "String", ...parameter }]);
  return new CfnDocument(scope, `Document-${name}`, {
    name,
    documentType: "Command",
    updateMethod: "NewVersion",
    content: {
      schemaVersion: "2.2",
      description,
      parameters: Object.fromEntries(typed),
      mainSteps: [{ action: "aws:runShellScript", name: "run", inputs: { timeoutSeconds: "900", runCommand } }],
    },
  });
}
