/** @module The classifier as Express servers on EC2, behind an HTTP API that finds them through Cloud Map. */

import { CfnOutput, Fn, Stack, Tags } from "aws-cdk-lib";
import { VpcLink } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpServiceDiscoveryIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import { DnsRecordType, PrivateDnsNamespace } from "aws-cdk-lib/aws-servicediscovery";
import type { Construct } from "constructs";
import type { DeploymentSettings, Ec2Settings } from "../../../../src/deployment/settings";
import { logGroup } from "../buckets";
import { acknowledgeObjects, allow, closedGroup, parameterArns } from "../grants";
import type { Rooms } from "../rooms";
import { baseUserData, Host, hostDocument, hostRole, METRICS, startDocument, takeTools } from "./host";
import { Entrance, servingDashboard } from "./http-api";
import type { StorageStack } from "./storage";

const PORT = 8080;

export class Ec2Stack extends Stack {
  constructor(
    scope: Construct,
    settings: DeploymentSettings & { readonly ec2: Ec2Settings },
    { network, storage, alerts }: Rooms,
  ) {
    super(scope, `${settings.name}-ec2`, { description: "The classifier on EC2" });
    const options = settings.ec2;
    const log = logGroup(this, "Log", settings, `/${settings.name}/server`);

    const role = hostRole(this, "Role", log, [storage.repositories.server, storage.repositories.tools]);
    role.addToPolicy(storage.mounting(storage.modelAccess, { write: true }));
    storage.grantReadReleases(role);
    const parameters = ["image", "tools"].map((name) => hostParameter(settings, name));
    allow(role, ["ssm:GetParameter"], parameterArns(this, ...parameters));
    storage.grantReadTiles(role);
    acknowledgeObjects(role, storage.releases, "", "The server may copy any released model to the volume.");

    const link = closedGroup(this, "LinkGroup", network.vpc, "Network interfaces of the HTTP API");
    const servers = closedGroup(this, "ServerGroup", network.vpc, "The Express servers");
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
      access: options,
    });
    const ids = hosts.map(({ instance }) => instance.instanceId);
    const each = (namespace: string, metricName: string) =>
      ids.map((InstanceId) => new Metric({ namespace, metricName, dimensionsMap: { InstanceId } }));
    servingDashboard(this, `${settings.name}-ec2`, entrance, {
      CPU: each("AWS/EC2", "CPUUtilization"),
      Memory: each(METRICS, "mem_used_percent"),
      Disk: each(METRICS, "disk_used_percent"),
    });
    new CfnOutput(this, "InstanceIds", { value: Fn.join(",", ids) });
  }

  /** At boot: mount the volume, take the tools, start the images that the parameters name. */
  private userData(settings: DeploymentSettings, storage: StorageStack, logGroupName: string): ec2.UserData {
    const userData = baseUserData();
    const mountOptions = `_netdev,tls,iam,accesspoint=${storage.modelAccess.accessPointId}`;
    userData.addCommands(
      "mkdir -p /srv/models",
      `echo "${storage.models.fileSystemId}:/ /srv/models efs ${mountOptions} 0 0" >> /etc/fstab`,
      "mount /srv/models",
      ...takeTools(this, `/${settings.name}/server`),
      // The HTTP API is the only proxy in front.
      `cat > /opt/histo/host.env <<EOF\nAWS_REGION=${this.region}\nHISTO_LOG_GROUP=${logGroupName}\nHISTO_SERVE_OPTIONS="--trust-proxy 1 --images s3://${storage.images.bucketName}/tiles/"\nHISTO_RELEASES=s3://${storage.releases.bucketName}\nEOF`,
      'echo "HISTO_SERVER_IMAGE=$IMAGE" > /opt/histo/current.env',
      // The very first machine finds no model yet; the document NAME-model copies one and starts the server.
      'if [ -e /srv/models/current ]; then /opt/histo/deploy.sh "$IMAGE"; fi',
    );
    return userData;
  }

  /** The only commands allowed on the servers: start these two images, given by digest; use this model, given by name. */
  private documents({ name }: DeploymentSettings): void {
    const description =
      "Starts the server image with a given digest; returns to the previous one if the new one does not become ready";
    startDocument(this, name, { document: "deploy", repository: "server", description, script: "deploy.sh" });
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
