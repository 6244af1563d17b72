/** @module Whole slides as an array job of AWS Batch: each child takes one slide of the shared folder, on Fargate Spot. */
import { Duration, Size, Stack } from "aws-cdk-lib";
import * as batch from "aws-cdk-lib/aws-batch";
import { ContainerImage, CpuArchitecture, LogDrivers } from "aws-cdk-lib/aws-ecs";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import type { BatchSettings, DeploymentSettings } from "../../../../src/deployment/settings";
import { acknowledge } from "../acknowledge";
import { logGroup } from "../logs";
import type { Rooms } from "../rooms";

/** Slides at the same time. */
const MOST_AT_ONCE = 16;
/** A job starts again when AWS takes its Spot machine away, and continues the slide from its journal. */
const ATTEMPTS = 5;

interface SlideArrayProps extends Pick<Rooms, "network" | "storage"> {
  readonly settings: DeploymentSettings & { readonly batch: BatchSettings };
  /** The servers' image, and whether it is built for ARM. */
  readonly image: string;
  readonly arm: boolean;
}

export class SlideArray extends Construct {
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
