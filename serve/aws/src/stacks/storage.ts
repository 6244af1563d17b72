/** @module What outlives a deployment: the model volume, the image repositories and the tiles to classify. */
import { ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { type CfnRepository, Repository, TagMutability, TagStatus } from "aws-cdk-lib/aws-ecr";
import { type AccessPoint, FileSystem, LifecyclePolicy, ThroughputMode } from "aws-cdk-lib/aws-efs";
import {
  AnyPrincipal,
  Effect,
  type IRole,
  PolicyDocument,
  PolicyStatement,
  ServicePrincipal,
} from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { DeploymentSettings } from "../../../../src/deployment/settings";
import { privateBucket, versionedBucket } from "../buckets";
import { acknowledge, acknowledgeObjects, allow } from "../grants";
import type { NetworkStack } from "./network";

/** User and group of the serving containers, and owner of the model files on EFS. */
const MODEL_USER = "10001";

export class StorageStack extends Stack {
  /** Container images: the function, the server, the host tools (compose and its file), the MLflow server. */
  readonly repositories: Readonly<Record<"lambda" | "server" | "tools" | "mlflow", Repository>>;
  readonly models: FileSystem;
  readonly modelAccess: AccessPoint;
  /** Whole slides (`in/`) and their results (`out/`). */
  readonly slideAccess: AccessPoint;
  /** Source of `POST /predict {"image_filename": ...}`. */
  readonly images: Bucket;
  /** Exported models, one folder each; a server copies the chosen one to the volume. */
  readonly releases: Bucket;
  readonly accessLogs: Bucket;

  constructor(scope: Construct, settings: DeploymentSettings, network: NetworkStack) {
    super(scope, `${settings.name}-storage`, { description: "Model volume, image repositories, tiles" });
    const repository = (name: string) => {
      const created = new Repository(this, `Repository-${name}`, {
        repositoryName: `${settings.name}/${name}`,
        imageScanOnPush: true,
        imageTagMutability: TagMutability.IMMUTABLE,
        lifecycleRules: [
          { rulePriority: 1, tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(7) },
          { rulePriority: 2, tagStatus: TagStatus.ANY, maxImageCount: 20 },
        ],
        emptyOnDelete: true,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      // CDK leaves AES256 out because it is ECR's default; state it for those who review the template.
      (created.node.defaultChild as CfnRepository).encryptionConfiguration = { encryptionType: "AES256" };
      return created;
    };
    this.repositories = {
      lambda: repository("lambda"),
      server: repository("server"),
      tools: repository("tools"),
      mlflow: repository("mlflow"),
    };

    // Without this, Lambda adds the statement itself at the first deployment, and needs the deployer's permissions for it.
    this.repositories.lambda.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("lambda.amazonaws.com")],
        actions: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        conditions: {
          StringEquals: { "aws:SourceAccount": this.account },
          ArnLike: {
            "aws:SourceArn": this.formatArn({
              service: "lambda",
              resource: "function",
              resourceName: `${settings.name}-predict*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    );

    this.models = new FileSystem(this, "Models", {
      vpc: network.vpc,
      vpcSubnets: { subnets: network.vpc.isolatedSubnets },
      securityGroup: network.modelVolume,
      encrypted: true,
      enableAutomaticBackups: true,
      throughputMode: ThroughputMode.ELASTIC,
      lifecyclePolicy: LifecyclePolicy.AFTER_30_DAYS,
      // Only the roles decide who may mount and who may write, so this policy allows nothing. (CDK's own policy, which
      // `false` would add, lets everybody who may mount also write.)
      allowAnonymousAccess: true,
      fileSystemPolicy: new PolicyDocument({
        statements: [
          new PolicyStatement({
            effect: Effect.DENY,
            principals: [new AnyPrincipal()],
            actions: ["elasticfilesystem:*"],
            conditions: { Bool: { "aws:SecureTransport": "false" } },
          }),
        ],
      }),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const access = (id: string, path: string) =>
      this.models.addAccessPoint(id, {
        path,
        posixUser: { uid: MODEL_USER, gid: MODEL_USER },
        createAcl: { ownerUid: MODEL_USER, ownerGid: MODEL_USER, permissions: "755" },
      });
    this.modelAccess = access("ModelAccess", "/models");
    this.slideAccess = access("SlideAccess", "/slides");
    this.accessLogs = privateBucket(this, "AccessLogs", {
      lifecycleRules: [{ expiration: Duration.days(settings.logRetentionDays) }],
    });
    this.images = versionedBucket(this, "Images", this.accessLogs);
    this.releases = versionedBucket(this, "Releases", this.accessLogs);
    new CfnOutput(this, "ImagesBucket", { value: this.images.bucketName });
    new CfnOutput(this, "ReleasesBucket", { value: this.releases.bucketName });
    acknowledge(this.accessLogs, "S1", "This bucket receives the access logs of the others.");
  }

  /**
   * Lets a role read and list the tiles, and nothing else of their bucket. It lists them to find a tile whose name is
   * written differently; without the right to list, S3 answers "forbidden" for a tile that does not exist.
   */
  grantReadTiles(role: IRole): void {
    allow(role, ["s3:GetObject"], [this.images.arnForObjects("tiles/*")]);
    const conditions = { StringLike: { "s3:prefix": ["tiles/*"] } };
    const resources = [this.images.bucketArn];
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ["s3:ListBucket"], resources, conditions }));
    const reason = "Clients may request any tile by name; only the prefix tiles/ can be read.";
    acknowledgeObjects(role, this.images, "tiles/", reason);
  }

  /** Lets a role copy every released model, which it has to acknowledge. */
  grantReadReleases(role: IRole): void {
    allow(role, ["s3:GetObject"], [this.releases.arnForObjects("*")]);
    allow(role, ["s3:ListBucket"], [this.releases.bucketArn]);
  }

  /** Mounting one access point of the volume, as a permission for a role. */
  mounting({ accessPointArn }: AccessPoint, { write = false } = {}): PolicyStatement {
    return new PolicyStatement({
      actions: ["elasticfilesystem:ClientMount", ...(write ? ["elasticfilesystem:ClientWrite"] : [])],
      resources: [this.models.fileSystemArn],
      conditions: { StringEquals: { "elasticfilesystem:AccessPointArn": accessPointArn } },
    });
  }
}
