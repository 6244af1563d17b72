/** @module Roles that GitHub's workflows assume by OpenID Connect: no key is stored anywhere. */
import { ArnFormat, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import type { Repository } from "aws-cdk-lib/aws-ecr";
import { OidcProviderNative, Role, WebIdentityPrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { DeploymentSettings } from "../../../../src/deployment/settings";
import { acknowledge, acknowledgeObjects, allow, parameterArns } from "../grants";
import { hostParameter } from "./ec2";
import { imageParameter } from "./lambda";
import type { StorageStack } from "./storage";

/** Two times the 50 minutes of `serve/ec2/roll-out.sh`: forward and back. */
const ROLL_OUT = Duration.hours(2);
const ISSUER = "token.actions.githubusercontent.com";

export class GithubStack extends Stack {
  private readonly subject: string;
  private readonly provider: OidcProviderNative;

  constructor(
    scope: Construct,
    private readonly settings: DeploymentSettings & {
      readonly github: { readonly repository: string; readonly environment: string };
    },
    storage: StorageStack,
  ) {
    super(scope, `${settings.name}-github`, { description: "Roles of the workflows" });
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
    storage.grantReadReleases(role);
    const reason = "The workflow may build any released model into the function's image.";
    acknowledgeObjects(role, storage.releases, "", reason);
    const functionArn = this.formatArn({
      service: "lambda",
      resource: "function",
      resourceName: `${this.settings.name}-predict`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const actions = [
      "lambda:GetAlias",
      "lambda:GetFunction",
      "lambda:GetFunctionConfiguration",
      "lambda:InvokeFunction",
      "lambda:PublishVersion",
      "lambda:UpdateAlias",
      "lambda:UpdateFunctionCode",
    ];
    allow(role, actions, [functionArn, `${functionArn}:*`]);
    allow(role, ["ssm:PutParameter"], parameterArns(this, imageParameter(this.settings)));
    acknowledge(
      role,
      `IAM5[Resource::arn:<AWS::Partition>:lambda:<AWS::Region>:<AWS::AccountId>:function:${this.settings.name}-predict:*]`,
      "The versions and the alias of this one function.",
    );
  }

  /** This role may push the server's images and run the deployment document on the machines tagged as servers. */
  private ec2Role(repositories: readonly Repository[]): void {
    const role = this.role("Ec2", repositories, ROLL_OUT);
    const { name } = this.settings;
    const document = this.formatArn({ service: "ssm", resource: "document", resourceName: `${name}-deploy` });
    const machines = this.formatArn({ service: "ec2", resource: "instance", resourceName: "*" });
    allow(role, ["ssm:SendCommand"], [document]);
    allow(role, ["ssm:SendCommand"], [machines], { "ssm:resourceTag/role": `${name}-server` });
    allow(role, ["ssm:ListCommands", "ssm:ListCommandInvocations"], ["*"]);
    const parameters = ["image", "tools"].map((parameter) => hostParameter(this.settings, parameter));
    // Read, to send servers back to the images before.
    allow(role, ["ssm:GetParameter", "ssm:PutParameter"], parameterArns(this, ...parameters));
    const finding = "IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]";
    acknowledge(role, finding, "The condition limits it to the machines tagged as servers.");
  }

  private role(title: string, repositories: readonly Repository[], maxSessionDuration = Duration.hours(1)): Role {
    const role = new Role(this, `${title}Role`, {
      roleName: `${this.settings.name}-github-${title.toLowerCase()}`,
      description: `Deploys to ${title} from ${this.subject}`,
      maxSessionDuration,
      assumedBy: new WebIdentityPrincipal(this.provider.oidcProviderArn, {
        StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: this.subject },
      }),
    });
    for (const repository of repositories) {
      repository.grantPullPush(role);
      repository.grant(role, "ecr:DescribeImageScanFindings");
    }
    // Where the account uses enhanced scanning, ECR asks Inspector in the caller's name.
    allow(role, ["inspector2:ListCoverage", "inspector2:ListFindings"], ["*"]);
    const why = "ecr:GetAuthorizationToken, Inspector's lists and reading the outcome of a command accept no resource.";
    acknowledge(role, "IAM5[Resource::*]", why);
    new CfnOutput(this, `${title}RoleArn`, { value: role.roleArn });
    return role;
  }
}
