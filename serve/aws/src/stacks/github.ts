/** @module Roles that GitHub's workflows assume by OpenID Connect: no key is stored anywhere. */
import { ArnFormat, CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import type { Repository } from "aws-cdk-lib/aws-ecr";
import { OidcProviderNative, PolicyStatement, Role, WebIdentityPrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { DeploymentSettings } from "../../../../src/deployment/settings";
import { acknowledge, acknowledgeObjects } from "../acknowledge";
import { hostParameter } from "./ec2";
import { imageParameter } from "./lambda";
import type { StorageStack } from "./storage";

const ISSUER = "token.actions.githubusercontent.com";

export class GithubStack extends Stack {
  private readonly subject: string;
  private readonly provider: OidcProviderNative;

  constructor(
    scope: Construct,
    id: string,
    private readonly settings: DeploymentSettings & {
      readonly github: { readonly repository: string; readonly environment: string };
    },
    storage: StorageStack,
    props: StackProps,
  ) {
    super(scope, id, props);
    const { repository, environment } = settings.github;
    this.subject = `repo:${repository}:environment:${environment}`;
    this.provider = new OidcProviderNative(this, "Provider", {
      url: `https://${ISSUER}`,
      clientIds: ["sts.amazonaws.com"],
    });
    if (settings.lambda) this.lambdaRole(storage);
    if (settings.ec2) this.ec2Role([storage.repositories.server, storage.repositories.tools]);
  }

  /** This role may read a released model, push the function's image, publish a version and move the alias. */
  private lambdaRole(storage: StorageStack): void {
    const role = this.role("Lambda", [storage.repositories.lambda]);
    role.addToPolicy(
      new PolicyStatement({ actions: ["s3:GetObject"], resources: [storage.releases.arnForObjects("*")] }),
    );
    role.addToPolicy(new PolicyStatement({ actions: ["s3:ListBucket"], resources: [storage.releases.bucketArn] }));
    acknowledgeObjects(
      role,
      storage.releases,
      "",
      "The workflow may build any released model into the function's image.",
    );
    const functionArn = this.formatArn({
      service: "lambda",
      resource: "function",
      resourceName: `${this.settings.name}-predict`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          "lambda:GetAlias",
          "lambda:GetFunction",
          "lambda:GetFunctionConfiguration",
          "lambda:InvokeFunction",
          "lambda:PublishVersion",
          "lambda:UpdateAlias",
          "lambda:UpdateFunctionCode",
        ],
        resources: [functionArn, `${functionArn}:*`],
      }),
    );
    this.moves(role, [imageParameter(this.settings)]);
    acknowledge(
      role,
      `IAM5[Resource::arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:${this.settings.name}-predict:*]`,
      "The versions and the alias of this one function.",
    );
  }

  /** This role may push the server's images and run the deployment document on the machines tagged as servers. */
  private ec2Role(repositories: readonly Repository[]): void {
    const role = this.role("Ec2", repositories);
    role.addToPolicy(
      new PolicyStatement({
        actions: ["ssm:SendCommand"],
        resources: [
          this.formatArn({ service: "ssm", resource: "document", resourceName: `${this.settings.name}-deploy` }),
        ],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ["ssm:SendCommand"],
        resources: [this.formatArn({ service: "ec2", resource: "instance", resourceName: "*" })],
        conditions: { StringEquals: { "ssm:resourceTag/role": `${this.settings.name}-server` } },
      }),
    );
    role.addToPolicy(
      new PolicyStatement({ actions: ["ssm:ListCommands", "ssm:ListCommandInvocations"], resources: ["*"] }),
    );
    this.moves(
      role,
      ["image", "tools"].map((name) => hostParameter(this.settings, name)),
    );
    acknowledge(
      role,
      "IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]",
      "The condition limits it to the machines tagged as servers.",
    );
  }

  private role(title: string, repositories: readonly Repository[]): Role {
    const role = new Role(this, `${title}Role`, {
      roleName: `${this.settings.name}-github-${title.toLowerCase()}`,
      description: `Deploys to ${title} from ${this.subject}`,
      maxSessionDuration: Duration.hours(1),
      assumedBy: new WebIdentityPrincipal(this.provider.oidcProviderArn, {
        StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: this.subject },
      }),
    });
    for (const repository of repositories) {
      repository.grantPullPush(role);
      repository.grant(role, "ecr:DescribeImageScanFindings");
    }
    acknowledge(
      role,
      "IAM5[Resource::*]",
      "ecr:GetAuthorizationToken and reading the outcome of a command accept no resource.",
    );
    new CfnOutput(this, `${title}RoleArn`, { value: role.roleArn });
    return role;
  }

  /** Lets the role set the parameters that name the running images. */
  private moves(role: Role, names: readonly string[]): void {
    role.addToPolicy(
      new PolicyStatement({
        actions: ["ssm:PutParameter"],
        resources: names.map((name) =>
          this.formatArn({ service: "ssm", resource: "parameter", resourceName: name.slice(1) }),
        ),
      }),
    );
  }
}
