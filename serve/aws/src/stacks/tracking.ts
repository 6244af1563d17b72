/** @module The MLflow server: one private machine, PostgreSQL on RDS for the runs, S3 for the artifacts. */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Tags } from "aws-cdk-lib";
import { ComparisonOperator } from "aws-cdk-lib/aws-cloudwatch";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import * as rds from "aws-cdk-lib/aws-rds";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { DeploymentSettings, TrackingSettings } from "../../../../src/deployment/settings";
import { acknowledge, acknowledgeObjects } from "../acknowledge";
import { hostDocument, imageByDigest } from "../documents";
import { logGroup } from "../logs";
import type { AlertsStack } from "./alerts";
import { baseUserData, Host, hostRole, unpackTools } from "./host";
import type { NetworkStack } from "./network";
import type { StorageStack } from "./storage";

const GIGABYTE = 1e9;

export class TrackingStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    settings: DeploymentSettings & { readonly tracking: TrackingSettings },
    rooms: { readonly network: NetworkStack; readonly storage: StorageStack; readonly alerts: AlertsStack },
    props: StackProps,
  ) {
    super(scope, id, props);
    const { network, storage, alerts } = rooms;
    const options = settings.tracking;
    const artifacts = new Bucket(this, "Artifacts", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: true,
      serverAccessLogsBucket: storage.accessLogs,
      serverAccessLogsPrefix: "artifacts/",
      lifecycleRules: [
        { noncurrentVersionExpiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(2) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });

    const group = (name: string, description: string) =>
      new ec2.SecurityGroup(this, name, { vpc: network.vpc, description, allowAllOutbound: false });
    const server = group("ServerGroup", "The MLflow server; reached through an SSM port forwarding session");
    const databaseGroup = group("DatabaseGroup", "PostgreSQL of the runs");
    databaseGroup.addIngressRule(server, ec2.Port.tcp(5432), "PostgreSQL from the MLflow server");
    server.addEgressRule(databaseGroup, ec2.Port.tcp(5432), "PostgreSQL");

    const database = this.database(settings, network, databaseGroup);
    const log = logGroup(this, "Log", settings, `/${settings.name}/mlflow`);
    const role = hostRole(this, "Role", log, [storage.repositories.mlflow, storage.repositories.tools]);
    database.secret!.grantRead(role);
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          "s3:GetObject",
          "s3:PutObject",
          "s3:DeleteObject",
          "s3:AbortMultipartUpload",
          "s3:ListMultipartUploadParts",
        ],
        resources: [artifacts.arnForObjects("*")],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ actions: ["s3:ListBucket", "s3:GetBucketLocation"], resources: [artifacts.bucketArn] }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ["ssm:GetParameter"],
        resources: [
          this.formatArn({ service: "ssm", resource: "parameter", resourceName: `${settings.name}/mlflow/tools` }),
          this.formatArn({ service: "ssm", resource: "parameter", resourceName: `${settings.name}/mlflow/image` }),
        ],
      }),
    );
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
    const registry = this.registry;
    hostDocument(this, `${settings.name}-mlflow`, {
      description: "Starts the MLflow image with a given digest",
      parameters: { image: imageByDigest(settings.name, "mlflow"), tools: imageByDigest(settings.name, "tools") },
      commands: [
        ...unpackTools(registry, this.region, `${registry}/{{ tools }}`),
        `/opt/histo/start-mlflow.sh "${registry}/{{ image }}"`,
      ],
    });
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

  private get registry(): string {
    return `${this.account}.dkr.ecr.${this.region}.${this.urlSuffix}`;
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
    acknowledge(
      database,
      "RDS3",
      "One zone is enough: MLflow may be down for minutes, because clients spool (backups: 7 days).",
    );
    acknowledge(database, "RDS11", "Hiding the port protects nothing; only the MLflow server's group reaches it.");
    acknowledge(
      database,
      "SMG4",
      "MLflow reads the password only when it starts; rotate it by hand as the runbook describes.",
    );
    return database;
  }

  private userData(
    settings: DeploymentSettings,
    database: rds.DatabaseInstance,
    artifacts: Bucket,
    logGroupName: string,
  ): ec2.UserData {
    const userData = baseUserData();
    const read = (name: string) =>
      `$(aws ssm get-parameter --region ${this.region} --name /${settings.name}/${name} --query Parameter.Value --output text)`;
    userData.addCommands(
      `TOOLS=${read("mlflow/tools")}`,
      `IMAGE=${read("mlflow/image")}`,
      ...unpackTools(this.registry, this.region, "$TOOLS"),
      `cat > /opt/histo/host.env <<EOF\nAWS_REGION=${this.region}\nHISTO_LOG_GROUP=${logGroupName}\nMLFLOW_DATABASE_SECRET=${database.secret!.secretArn}\nMLFLOW_DATABASE_HOST=${database.dbInstanceEndpointAddress}\nMLFLOW_ARTIFACTS=s3://${artifacts.bucketName}\nEOF`,
      '/opt/histo/start-mlflow.sh "$IMAGE"',
    );
    return userData;
  }
}
