/** @module The private network: no internet gateway, no NAT; AWS services are reached through endpoints. */
import { Stack, Tags } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import { AnyPrincipal, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { endpointCount } from "../../../../src/deployment/cost";
import type { DeploymentSettings } from "../../../../src/deployment/settings";
import { logGroup } from "../buckets";
import { closedGroup } from "../grants";

const HTTPS = ec2.Port.tcp(443);
const NFS = ec2.Port.tcp(2049);

export class NetworkStack extends Stack {
  readonly vpc: ec2.Vpc;
  /** The mount targets of the model volume. */
  readonly modelVolume: ec2.SecurityGroup;
  /** Members may mount the model volume. */
  readonly modelReaders: ec2.SecurityGroup;
  /** Members may call AWS services through the endpoints. */
  readonly endpointUsers: ec2.SecurityGroup;

  constructor(scope: Construct, settings: DeploymentSettings) {
    super(scope, `${settings.name}-network`, { description: "Private network and endpoints" });
    this.vpc = new ec2.Vpc(this, "Vpc", {
      ipAddresses: ec2.IpAddresses.cidr("10.42.0.0/20"),
      maxAzs: 2,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: "private", subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }],
    });
    this.vpc.addFlowLog("FlowLog", {
      destination: ec2.FlowLogDestination.toCloudWatchLogs(logGroup(this, "FlowLogGroup", settings)),
      trafficType: ec2.FlowLogTrafficType.REJECT,
    });

    const group = (name: string, description: string) => closedGroup(this, name, this.vpc, description);
    this.modelReaders = group("ModelReaders", "May mount the model volume");
    this.modelVolume = group("ModelVolume", "Mount targets of the model volume");
    this.modelVolume.addIngressRule(this.modelReaders, NFS, "Servers and function");
    this.modelReaders.addEgressRule(this.modelVolume, NFS, "The model volume");
    this.endpointUsers = group("EndpointUsers", "May call AWS services through the VPC endpoints");
    const endpoints = group("Endpoints", "The interface endpoints");
    endpoints.addIngressRule(this.endpointUsers, HTTPS, "AWS API calls from this network");
    this.endpointUsers.addEgressRule(endpoints, HTTPS, "AWS API calls");
    // The S3 gateway endpoint has public addresses. There is no gateway or NAT, so this rule opens nothing else.
    this.endpointUsers.addEgressRule(
      ec2.Peer.anyIpv4(),
      HTTPS,
      "S3 through the gateway endpoint; no other route exists",
    );

    const buckets = this.vpc.addGatewayEndpoint("S3", { service: ec2.GatewayVpcEndpointAwsService.S3 });
    for (const statement of this.bucketAccess()) buckets.addToPolicy(statement);
    const service = ec2.InterfaceVpcEndpointAwsService;
    const services: Record<string, ec2.InterfaceVpcEndpointAwsService> = {
      EcrApi: service.ECR,
      EcrDocker: service.ECR_DOCKER,
      Logs: service.CLOUDWATCH_LOGS,
      Metrics: service.CLOUDWATCH_MONITORING,
      Ssm: service.SSM,
      SsmMessages: service.SSM_MESSAGES,
      ...(settings.tracking ? { Secrets: service.SECRETS_MANAGER } : {}),
    };
    // A function reaches these services without the network; machines and tasks need endpoints.
    const needed = endpointCount(settings) > 0 ? Object.entries(services) : [];
    for (const [name, endpoint] of needed) {
      this.vpc.addInterfaceEndpoint(name, {
        service: endpoint,
        subnets: { subnets: this.vpc.isolatedSubnets.slice(0, settings.endpointZones) },
        securityGroups: [endpoints],
        open: false,
      });
    }
    Tags.of(this.vpc).add("Name", settings.name);
  }

  /** Buckets of this account, and those from which Amazon serves ECR layers and operating system packages. */
  private bucketAccess(): PolicyStatement[] {
    const amazon = [`prod-${this.region}-starport-layer-bucket`, `al2023-repos-${this.region}-de612dc2`];
    return [
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: ["s3:GetObject"],
        resources: amazon.map((bucket) => `arn:aws:s3:::${bucket}/*`),
      }),
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: [
          "s3:GetObject",
          "s3:PutObject",
          "s3:DeleteObject",
          "s3:ListBucket",
          "s3:GetBucketLocation",
          "s3:AbortMultipartUpload",
          "s3:ListMultipartUploadParts",
        ],
        resources: ["*"],
        conditions: { StringEquals: { "aws:ResourceAccount": this.account } },
      }),
    ];
  }
}
