/** @module The classifier as Express servers on EC2, behind an HTTP API that finds them through Cloud Map. */
import { CfnOutput, Fn, Stack, type StackProps, Tags } from "aws-cdk-lib";
import { VpcLink } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpServiceDiscoveryIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { DnsRecordType, PrivateDnsNamespace } from "aws-cdk-lib/aws-servicediscovery";
import type { Construct } from "constructs";
import type { DeploymentSettings, Ec2Settings } from "../../../../src/deployment/settings";
import { acknowledgeObjects } from "../acknowledge";
import { servingDashboard } from "../dashboard";
import { hostDocument, imageByDigest } from "../documents";
import { logGroup } from "../logs";
import type { AlertsStack } from "./alerts";
import { baseUserData, Host, hostRole, unpackTools } from "./host";
import { Entrance } from "./http-api";
import type { NetworkStack } from "./network";
import type { StorageStack } from "./storage";

const PORT = 8080;

export class Ec2Stack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    settings: DeploymentSettings & { readonly ec2: Ec2Settings },
    rooms: { readonly network: NetworkStack; readonly storage: StorageStack; readonly alerts: AlertsStack },
    props: StackProps,
  ) {
    super(scope, id, props);
    const { network, storage, alerts } = rooms;
    const options = settings.ec2;
    const log = logGroup(this, "Log", settings, `/${settings.name}/server`);

    const role = hostRole(this, "Role", log, [storage.repositories.server, storage.repositories.tools]);
    role.addToPolicy(
      new PolicyStatement({
        actions: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        resources: [storage.models.fileSystemArn],
        conditions: { StringEquals: { "elasticfilesystem:AccessPointArn": storage.modelAccess.accessPointArn } },
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ["s3:GetObject"],
        resources: [storage.releases.arnForObjects("*")],
      }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ["s3:ListBucket"], resources: [storage.releases.bucketArn] }));
    const parameters = ["image", "tools"].map((name) => hostParameter(settings, name));
    role.addToPolicy(
      new PolicyStatement({
        actions: ["ssm:GetParameter"],
        resources: parameters.map((name) =>
          this.formatArn({ service: "ssm", resource: "parameter", resourceName: name.slice(1) }),
        ),
      }),
    );
    storage.grantReadTiles(role);
    acknowledgeObjects(role, storage.releases, "", "The server may copy any released model to the volume.");

    const link = this.group("LinkGroup", network, "Network interfaces of the HTTP API");
    const servers = this.group("ServerGroup", network, "The Express servers");
    link.addEgressRule(servers, ec2.Port.tcp(PORT), "Requests to the servers");
    servers.addIngressRule(link, ec2.Port.tcp(PORT), "Requests from the HTTP API");

    const namespace = new PrivateDnsNamespace(this, "Namespace", {
      name: `${settings.name}.internal`,
      vpc: network.vpc,
    });
    const service = namespace.createService("Servers", { name: "server", dnsRecordType: DnsRecordType.A });
    const hosts = Array.from({ length: options.instances }, (_, index) => {
      const host = new Host(this, `Server${index + 1}`, {
        name: `${settings.name}-server-${index + 1}`,
        vpc: network.vpc,
        zone: index,
        instanceType: options.instanceType,
        diskGb: 20,
        securityGroups: [servers, network.endpointUsers, network.modelReaders],
        role,
        userData: this.userData(settings, storage, log.logGroupName),
        alerts,
      });
      Tags.of(host.instance).add("role", `${settings.name}-server`);
      service.registerIpInstance(`Member${index + 1}`, { ipv4: host.instance.instancePrivateIp, port: PORT });
      return host;
    });
    this.documents(settings);

    const vpcLink = new VpcLink(this, "Link", {
      vpc: network.vpc,
      subnets: { subnets: network.vpc.isolatedSubnets },
      securityGroups: [link],
    });
    const entrance = new Entrance(this, "Entrance", {
      settings,
      alerts,
      title: "ec2",
      integration: new HttpServiceDiscoveryIntegration("Servers", service, { vpcLink }),
      authorization: options.authorization,
      requestsPerSecond: options.requestsPerSecond,
      burst: options.burst,
    });
    const each = (metricNamespace: string, metricName: string) =>
      hosts.map(
        ({ instance }) =>
          new Metric({
            namespace: metricNamespace,
            metricName,
            dimensionsMap: { InstanceId: instance.instanceId },
          }),
      );
    servingDashboard(this, `${settings.name}-ec2`, entrance, {
      CPU: each("AWS/EC2", "CPUUtilization"),
      Memory: each("Histology", "mem_used_percent"),
      Disk: each("Histology", "disk_used_percent"),
    });
    new CfnOutput(this, "InstanceIds", {
      value: Fn.join(
        ",",
        hosts.map(({ instance }) => instance.instanceId),
      ),
    });
  }

  private group(id: string, network: NetworkStack, description: string): ec2.SecurityGroup {
    return new ec2.SecurityGroup(this, id, { vpc: network.vpc, description, allowAllOutbound: false });
  }

  /** At boot: mount the volume, take the tools, start the images that the parameters name. */
  private userData(settings: DeploymentSettings, storage: StorageStack, logGroupName: string): ec2.UserData {
    const userData = baseUserData();
    const read = (name: string) =>
      `$(aws ssm get-parameter --region ${this.region} --name ${hostParameter(settings, name)} --query Parameter.Value --output text)`;
    const mountOptions = `_netdev,tls,iam,accesspoint=${storage.modelAccess.accessPointId}`;
    userData.addCommands(
      "mkdir -p /srv/models",
      `echo "${storage.models.fileSystemId}:/ /srv/models efs ${mountOptions} 0 0" >> /etc/fstab`,
      "mount /srv/models",
      `TOOLS=${read("tools")}`,
      `IMAGE=${read("image")}`,
      ...unpackTools(this.registry, this.region, "$TOOLS"),
      // The HTTP API is the only proxy in front.
      `cat > /opt/histo/host.env <<EOF\nAWS_REGION=${this.region}\nHISTO_LOG_GROUP=${logGroupName}\nHISTO_SERVE_OPTIONS="--trust-proxy 1 --images s3://${storage.images.bucketName}/tiles/"\nHISTO_RELEASES=s3://${storage.releases.bucketName}\nEOF`,
      'echo "HISTO_SERVER_IMAGE=$IMAGE" > /opt/histo/current.env',
      // The very first machine finds no model yet; the document NAME-model copies one and starts the server.
      'if [ -e /srv/models/current ]; then /opt/histo/deploy.sh "$IMAGE"; fi',
    );
    return userData;
  }

  private get registry(): string {
    return `${this.account}.dkr.ecr.${this.region}.${this.urlSuffix}`;
  }

  /** The only commands allowed on the servers: start these two images, given by digest; use this model, given by name. */
  private documents({ name }: DeploymentSettings): void {
    hostDocument(this, `${name}-deploy`, {
      description:
        "Starts the server image with a given digest; returns to the previous one if the new one does not become ready",
      parameters: { image: imageByDigest(name, "server"), tools: imageByDigest(name, "tools") },
      commands: [
        ...unpackTools(this.registry, this.region, `${this.registry}/{{ tools }}`),
        `/opt/histo/deploy.sh "${this.registry}/{{ image }}"`,
      ],
    });
    hostDocument(this, `${name}-model`, {
      description: "Copies a released model to the volume and makes the server use it",
      parameters: {
        model: { description: "Folder in the releases bucket", allowedPattern: "^[A-Za-z0-9][A-Za-z0-9._-]*$" },
      },
      commands: ['/opt/histo/model.sh "{{ model }}"'],
    });
  }
}

/** SSM parameter with the address (by digest) of an image that the servers run. */
export function hostParameter(settings: DeploymentSettings, name: string): string {
  return `/${settings.name}/server/${name}`;
}
