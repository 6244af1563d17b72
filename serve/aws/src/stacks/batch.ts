/** @module Optional: a folder of tiles as one Fargate task, and whole slides as an array job; by hand or on a schedule. */

import { CfnOutput, Duration, Size, Stack } from "aws-cdk-lib";
import * as batch from "aws-cdk-lib/aws-batch";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { ContainerImage, CpuArchitecture, LogDrivers } from "aws-cdk-lib/aws-ecs";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import { Construct } from "constructs";
import { architectureOf, type BatchSettings, type DeploymentSettings } from "../../../../src/deployment/settings";
import { logGroup } from "../buckets";
import { acknowledge, acknowledgeObjects, allow } from "../grants";
import type { Rooms } from "../rooms";
import { hostParameter } from "./ec2";

const MOST_AT_ONCE = 16;
/** A job starts again when AWS takes its Spot machine away, and continues the slide from its journal. */
const ATTEMPTS = 5;

interface SlideArrayProps extends Pick<Rooms, "network" | "storage"> {
  readonly settings: DeploymentSettings & { readonly batch: BatchSettings };
  /** The servers' image, and whether it is built for ARM. */
  readonly image: string;
  readonly arm: boolean;
}

class SlideArray extends Construct {
  /** Command line that starts the array job. */
  readonly command: string;

  constructor(scope: Construct, id: string, { settings, network, storage, image, arm }: SlideArrayProps) {
    super(scope, id);
    const { cpu, memoryMb } = settings.batch;
    const machines = new batch.FargateComputeEnvironment(this, "Machines", {
      vpc: network.vpc,
      vpcSubnets: { subnets: network.vpc.isolatedSubnets },
      securityGroups: [network.endpointUsers, network.modelReaders],
      spot: true,
      maxvCpus: (MOST_AT_ONCE * cpu) / 1024,
    });
    const queue = new batch.JobQueue(this, "Queue", {
      jobQueueName: `${settings.name}-slides`,
      computeEnvironments: [{ computeEnvironment: machines, order: 1 }],
    });
    const role = (name: string) => new Role(this, name, { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });
    const [jobRole, executionRole] = [role("JobRole"), role("ExecutionRole")];
    jobRole.addToPolicy(storage.mounting(storage.modelAccess));
    jobRole.addToPolicy(storage.mounting(storage.slideAccess, { write: true }));
    const volume = (name: string, accessPointId: string, readonly: boolean) =>
      batch.EcsVolume.efs({
        name,
        fileSystem: storage.models,
        containerPath: `/${name}`,
        accessPointId,
        enableTransitEncryption: true,
        useJobRole: true,
        readonly,
      });
    const definition = new batch.EcsJobDefinition(this, "Definition", {
      jobDefinitionName: `${settings.name}-slides`,
      retryAttempts: ATTEMPTS,
      timeout: Duration.hours(12),
      container: new batch.EcsFargateContainerDefinition(this, "Container", {
        image: ContainerImage.fromRegistry(image),
        cpu: cpu / 1024,
        memory: Size.mebibytes(memoryMb),
        fargateCpuArchitecture: arm ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
        command: ["slide", "/slides/in", "--array", "--resume", "--model", "/models/current", "--out", "/slides/out"],
        readonlyRootFilesystem: true,
        jobRole,
        executionRole,
        volumes: [
          volume("models", storage.modelAccess.accessPointId, true),
          volume("slides", storage.slideAccess.accessPointId, false),
        ],
        logging: LogDrivers.awsLogs({ streamPrefix: "slides", logGroup: logGroup(this, "Log", settings) }),
      }),
    });
    storage.repositories.server.grantPull(executionRole);
    acknowledge(executionRole, "IAM5[Resource::*]", "ecr:GetAuthorizationToken accepts no resource.");
    const target = `--job-queue ${queue.jobQueueName} --job-definition ${definition.jobDefinitionName}`;
    this.command = `aws batch submit-job --region ${Stack.of(this).region} --job-name slides ${target} --array-properties size=NUMBER_OF_SLIDES`;
  }
}

export class BatchStack extends Stack {
  constructor(
    scope: Construct,
    settings: DeploymentSettings & { readonly batch: BatchSettings },
    { network, storage }: Rooms,
  ) {
    super(scope, `${settings.name}-batch`, { description: "Batch prediction" });
    const arm = settings.ec2 !== undefined && architectureOf(settings.ec2.instanceType) === "arm64";
    new ecs.Cluster(this, "Cluster", {
      clusterName: `${settings.name}-batch`,
      vpc: network.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    const task = new ecs.FargateTaskDefinition(this, "Task", {
      family: `${settings.name}-predict`,
      cpu: settings.batch.cpu,
      memoryLimitMiB: settings.batch.memoryMb,
      // The task runs the servers' image, which is built for their processor.
      runtimePlatform: {
        cpuArchitecture: arm ? ecs.CpuArchitecture.ARM64 : ecs.CpuArchitecture.X86_64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      volumes: [
        {
          name: "models",
          efsVolumeConfiguration: {
            fileSystemId: storage.models.fileSystemId,
            transitEncryption: "ENABLED",
            authorizationConfig: { accessPointId: storage.modelAccess.accessPointId, iam: "ENABLED" },
          },
        },
      ],
    });
    task.addToTaskRolePolicy(storage.mounting(storage.modelAccess));
    storage.grantReadTiles(task.taskRole);
    allow(task.taskRole, ["s3:PutObject"], [storage.images.arnForObjects("predictions/*")]);
    const image = StringParameter.valueForStringParameter(this, hostParameter(settings, "image"));
    const container = task.addContainer("predict", {
      image: ecs.ContainerImage.fromRegistry(image),
      readonlyRootFilesystem: true,
      entryPoint: ["node", "dist/serve/server/batch.js"],
      command: [],
      environment: {
        HISTO_MODEL: "/models/current",
        HISTO_IMAGE_SOURCE: `s3://${storage.images.bucketName}/tiles/`,
        HISTO_PREDICTIONS: `s3://${storage.images.bucketName}/predictions/predictions.csv`,
      },
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: "batch", logGroup: logGroup(this, "Log", settings) }),
    });
    container.addMountPoints({ sourceVolume: "models", containerPath: "/models", readOnly: true });
    storage.repositories.server.grantPull(task.obtainExecutionRole());
    acknowledge(task, "ECS2", "The variables are paths and bucket names; no secret is among them.");
    acknowledge(task, "IAM5[Resource::*]", "ecr:GetAuthorizationToken accepts no resource.");
    acknowledgeObjects(task, storage.images, "predictions/", "The task writes its results below this prefix.");
    const subnets = network.vpc.isolatedSubnets.map(({ subnetId }) => subnetId).join(",");
    const groups = [network.endpointUsers, network.modelReaders].map((group) => group.securityGroupId).join(",");
    new CfnOutput(this, "RunTask", {
      description: "Command that starts the task",
      value:
        `aws ecs run-task --launch-type FARGATE --cluster ${settings.name}-batch --task-definition ${task.family} ` +
        `--network-configuration 'awsvpcConfiguration={subnets=[${subnets}],securityGroups=[${groups}]}'`,
    });
    const slides = new SlideArray(this, "Slides", { settings, network, storage, image, arm });
    const description = "Command that starts the array job for slides";
    new CfnOutput(this, "RunSlides", { description, value: slides.command });
  }
}
