/** @module The classifier as a Lambda function: container image, an alias that deployments move, an HTTP API in front. */

import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { SubnetType } from "aws-cdk-lib/aws-ec2";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import type { DeploymentSettings, LambdaSettings } from "../../../../src/deployment/settings";
import { logGroup } from "../buckets";
import { acknowledge } from "../grants";
import type { Rooms } from "../rooms";
import { Entrance, servingDashboard } from "./http-api";
import type { StorageStack } from "./storage";

/** An image given by its full address, which is known only when the stack is deployed. */
class ImageByAddress extends lambda.Code {
  readonly isInline = false;
  constructor(private readonly imageUri: string) {
    super();
  }
  bind(): lambda.CodeConfig {
    return { image: { imageUri: this.imageUri } };
  }
}

/** Path of the model directory: in the image, or on the mounted EFS volume. */
const MODEL_PATHS = { image: "/opt/model", efs: "/mnt/models/current" } as const;

/** The model volume, read only; CDK's own helper would also allow writing. */
class ModelVolume extends lambda.FileSystem {
  constructor(storage: StorageStack) {
    const { models, modelAccess } = storage;
    super({
      localMountPath: "/mnt/models",
      arn: modelAccess.accessPointArn,
      dependency: [models.mountTargetsAvailable],
      connections: models.connections,
      policies: [storage.mounting(modelAccess)],
    });
  }
}

export class LambdaStack extends Stack {
  constructor(
    scope: Construct,
    settings: DeploymentSettings & { readonly lambda: LambdaSettings },
    { network, storage, alerts }: Rooms,
  ) {
    super(scope, `${settings.name}-lambda`, { description: "The classifier on Lambda" });
    const options = settings.lambda;
    const functionName = `${settings.name}-predict`;
    const log = logGroup(this, "Log", settings, `/aws/lambda/${functionName}`);
    const onEfs = options.modelSource === "efs";

    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description:
        "Role of the prediction function: writes its log, reads tiles, mounts the model volume if there is one",
    });
    log.grantWrite(role);
    storage.grantReadTiles(role);

    if (onEfs) {
      const managed = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole";
      acknowledge(role, `IAM4[Policy::${managed}]`, "AWS's managed policy for the network interfaces of functions.");
    }

    const predict = new lambda.Function(this, "Predict", {
      functionName,
      description: "Classifies a histology tile",
      code: new ImageByAddress(StringParameter.valueForStringParameter(this, imageParameter(settings))),
      handler: lambda.Handler.FROM_IMAGE,
      runtime: lambda.Runtime.FROM_IMAGE,
      architecture: options.architecture === "arm64" ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      memorySize: options.memoryMb,
      timeout: Duration.seconds(options.timeoutSeconds),
      reservedConcurrentExecutions: options.reservedConcurrency,
      role,
      logGroup: log,
      tracing: lambda.Tracing.DISABLED,
      environment: {
        NODE_ENV: "production",
        HISTO_MODEL: MODEL_PATHS[options.modelSource],
        HISTO_IMAGE_SOURCE: `s3://${storage.images.bucketName}/tiles/`,
        ...(options.corsOrigins && { HISTO_CORS_ORIGINS: options.corsOrigins }),
      },
      ...(onEfs
        ? {
            vpc: network.vpc,
            vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
            securityGroups: [network.endpointUsers, network.modelReaders],
            filesystem: new ModelVolume(storage),
          }
        : {}),
    });
    if (options.snapStart) {
      (predict.node.defaultChild as lambda.CfnFunction).snapStart = { applyOn: "PublishedVersions" };
    }
    const live = new lambda.Alias(this, "Live", {
      aliasName: "live",
      version: new lambda.Version(this, "Version", { lambda: predict, removalPolicy: RemovalPolicy.RETAIN }),
      ...(options.provisionedConcurrency ? { provisionedConcurrentExecutions: options.provisionedConcurrency } : {}),
    });

    const entrance = new Entrance(this, "Entrance", {
      settings,
      alerts,
      title: "lambda",
      integration: new HttpLambdaIntegration("Predict", live, { timeout: Duration.seconds(29) }),
      access: options,
      preflight: options.corsOrigins !== undefined,
    });
    const period = Duration.minutes(5);
    const errors = live.metricErrors({ period });
    const throttles = live.metricThrottles({ period });
    const concurrent = predict.metric("ConcurrentExecutions", { period, statistic: "Maximum" });
    alerts.alarm(this, "Errors", {
      alarmDescription: 'The function failed 5 or more times within 5 minutes. Runbook: "Function errors".',
      metric: errors,
      threshold: 5,
      evaluationPeriods: 1,
    });
    alerts.alarm(this, "Throttles", {
      alarmDescription: 'Lambda refused requests because all concurrent executions were in use. Runbook: "Throttles".',
      metric: throttles,
      threshold: 1,
      evaluationPeriods: 2,
    });
    servingDashboard(this, `${settings.name}-lambda`, entrance, {
      "Errors and throttles": [errors, throttles],
      Duration: [live.metricDuration({ period, statistic: "p50" }), live.metricDuration({ period, statistic: "p95" })],
      "Concurrent executions": [concurrent],
    });
    new CfnOutput(this, "FunctionName", { value: functionName });
  }
}

/** SSM parameter with the address (by digest) of the image that runs; the workflow moves it with each deployment. */
export function imageParameter(settings: DeploymentSettings): string {
  return `/${settings.name}/lambda/image`;
}
