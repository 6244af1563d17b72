/** @module Optional: a folder of tiles as one Fargate task, and whole slides as an array job; by hand or on a schedule. */
import { CfnOutput, Stack } from "aws-cdk-lib";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { architectureOf, type BatchSettings, type DeploymentSettings } from "../../../../src/deployment/settings";
import { acknowledge, acknowledgeObjects } from "../acknowledge";
import { allow } from "../grants";
import { logGroup } from "../logs";
import type { Rooms } from "../rooms";
import { hostParameter } from "./ec2";
import { SlideArray } from "./slide-array";

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
