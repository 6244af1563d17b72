/** @module The MLflow server: one private machine, PostgreSQL on RDS for the runs, S3 for the artifacts. */

import { CfnOutput, Duration, RemovalPolicy, Stack, Tags } from "aws-cdk-lib";
import { ComparisonOperator } from "aws-cdk-lib/aws-cloudwatch";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as rds from "aws-cdk-lib/aws-rds";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { DeploymentSettings, TrackingSettings } from "../../../../src/deployment/settings";
import { logGroup, versionedBucket } from "../buckets";
import { acknowledge, acknowledgeObjects, allow, closedGroup, parameterArns } from "../grants";
import type { Rooms } from "../rooms";
import { baseUserData, Host, hostRole, startDocument, takeTools } from "./host";
import type { NetworkStack } from "./network";

const GIGABYTE = 1e9;

export class TrackingStack extends Stack {
  constructor(
    scope: Construct,
    settings: DeploymentSettings & { readonly tracking: TrackingSettings },
    { network, storage, alerts }: Rooms,
  ) {
    super(scope, `${settings.name}-tracking`, { description: "MLflow server" });
    const { name, tracking: options } = settings;
    const artifacts = versionedBucket(this, "Artifacts", storage.accessLogs);

    const group = (id: string, description: string) => closedGroup(this, id, network.vpc, description);
    const server = group("ServerGroup", "The MLflow server; reached through an SSM port forwarding session");
    const databaseGroup = group("DatabaseGroup", "PostgreSQL of the runs");
    databaseGroup.addIngressRule(server, ec2.Port.tcp(5432), "PostgreSQL from the MLflow server");
    server.addEgressRule(databaseGroup, ec2.Port.tcp(5432), "PostgreSQL");

    const database = this.database(settings, network, databaseGroup);
    const log = logGroup(this, "Log", settings, `/${settings.name}/mlflow`);
    const role = hostRole(this, "Role", log, [storage.repositories.mlflow, storage.repositories.tools]);
    database.secret!.grantRead(role);
    const verbs = ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts"];
    const actions = verbs.map((verb) => `s3:${verb}`);
    allow(role, actions, [artifacts.arnForObjects("*")]);
    allow(role, ["s3:ListBucket", "s3:GetBucketLocation"], [artifacts.bucketArn]);
    allow(role, ["ssm:GetParameter"], parameterArns(this, `/${name}/mlflow/tools`, `/${name}/mlflow/image`));
    acknowledgeObjects(role, artifacts, "", "The bucket belongs to this server.");

    const host = new Host(this, "Server", {
      name: `${settings.name}-mlflow`,
      vpc: network.vpc,
      zone: 0,
      instanceType: options.instanceType,
      diskGb: 30,
      securityGroups: [server, network.endpointUsers],
      role,
      userData: this.userData(settings, database, artifacts, log.logGroupName),
      alerts,
    });
    Tags.of(host.instance).add("role", `${settings.name}-mlflow`);
    host.node.addDependency(database);
    const description = "Starts the MLflow image with a given digest";
    const script = "start-mlflow.sh";
    startDocument(this, name, { document: "mlflow", repository: "mlflow", description, script });
    alerts.alarm(this, "DatabaseStorage", {
      alarmDescription: 'The database with the runs has less than 5 GB free. Runbook: "RDS storage".',
      metric: database.metricFreeStorageSpace({ period: Duration.minutes(15) }),
      threshold: 5 * GIGABYTE,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 1,
    });
    alerts.alarm(this, "DatabaseCpu", {
      alarmDescription: 'The CPU of the database with the runs is above 85 % for 15 minutes. Runbook: "RDS CPU".',
      metric: database.metricCPUUtilization({ period: Duration.minutes(5) }),
      threshold: 85,
      evaluationPeriods: 3,
    });
    new CfnOutput(this, "InstanceId", { value: host.instance.instanceId });
    new CfnOutput(this, "ArtifactBucket", { value: artifacts.bucketName });
  }

  private database(
    settings: DeploymentSettings & { readonly tracking: TrackingSettings },
    network: NetworkStack,
    securityGroup: ec2.SecurityGroup,
  ): rds.DatabaseInstance {
    const options = settings.tracking;
    const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17_9 });
    const database = new rds.DatabaseInstance(this, "Database", {
      engine,
      parameterGroup: new rds.ParameterGroup(this, "Parameters", { engine, parameters: { "rds.force_ssl": "1" } }),
      instanceType: new ec2.InstanceType(options.databaseInstanceType.slice("db.".length)),
      vpc: network.vpc,
      vpcSubnets: { subnets: network.vpc.isolatedSubnets },
      securityGroups: [securityGroup],
      databaseName: "mlflow",
      credentials: rds.Credentials.fromGeneratedSecret("mlflow", {
        excludeCharacters: " %+~`#$&*()|[]{}:;<>?!'/@\"\\",
      }),
      allocatedStorage: options.databaseStorageGb,
      maxAllocatedStorage: options.databaseStorageGb * 5,
      storageType: rds.StorageType.GP3,
      storageEncrypted: true,
      publiclyAccessible: false,
      iamAuthentication: true,
      multiAz: false,
      backupRetention: Duration.days(7),
      deletionProtection: true,
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
      cloudwatchLogsExports: ["postgresql"],
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    const reasons = {
      RDS3: "One zone is enough: MLflow may be down for minutes, because clients spool (backups: 7 days).",
      RDS11: "Hiding the port protects nothing; only the MLflow server's group reaches it.",
      SMG4: "MLflow reads the password only when it starts; rotate it by hand as the runbook describes.",
    };
    for (const [rule, reason] of Object.entries(reasons)) acknowledge(database, rule, reason);
    return database;
  }

  private userData(
    settings: DeploymentSettings,
    database: rds.DatabaseInstance,
    artifacts: Bucket,
    logGroupName: string,
  ): ec2.UserData {
    const userData = baseUserData();
    userData.addCommands(
      ...takeTools(this, `/${settings.name}/mlflow`),
      `cat > /opt/histo/host.env <<EOF\nAWS_REGION=${this.region}\nHISTO_LOG_GROUP=${logGroupName}\nMLFLOW_DATABASE_SECRET=${database.secret!.secretArn}\nMLFLOW_DATABASE_HOST=${database.dbInstanceEndpointAddress}\nMLFLOW_ARTIFACTS=s3://${artifacts.bucketName}\nEOF`,
      '/opt/histo/start-mlflow.sh "$IMAGE"',
    );
    return userData;
  }
}
