/** @module The stacks of a deployment and how they depend on each other. */
import { type App, type Stack, Tags, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { checkSettings, type DeploymentSettings } from "../../../src/deployment/settings";
import { AlertsStack } from "./stacks/alerts";
import { BatchStack } from "./stacks/batch";
import { Ec2Stack } from "./stacks/ec2";
import { GithubStack } from "./stacks/github";
import { LambdaStack } from "./stacks/lambda";
import { NetworkStack } from "./stacks/network";
import { StorageStack } from "./stacks/storage";
import { TrackingStack } from "./stacks/tracking";

/** Adds to `app` the stacks that the settings ask for, tagged for the budget, and checked by cdk-nag. */
export function addStacks(app: App, settings: DeploymentSettings): Stack[] {
  checkSettings(settings);
  const { lambda, ec2, tracking, batch, github } = settings;
  const stackName = (part: string) => `${settings.name}-${part}`;
  const props = (description: string) => ({ description, terminationProtection: false });
  const network = new NetworkStack(app, stackName("network"), settings, props("Private network and endpoints"));
  const storage = new StorageStack(
    app,
    stackName("storage"),
    settings,
    network,
    props("Model volume, image repositories, tiles"),
  );
  const alerts = new AlertsStack(app, stackName("alerts"), settings, props("Alarm topic and budget"));
  const rooms = { network, storage, alerts };
  const stacks: Stack[] = [network, storage, alerts];
  if (lambda) {
    stacks.push(
      new LambdaStack(app, stackName("lambda"), { ...settings, lambda }, rooms, props("The classifier on Lambda")),
    );
  }
  if (ec2)
    stacks.push(new Ec2Stack(app, stackName("ec2"), { ...settings, ec2 }, rooms, props("The classifier on EC2")));
  if (tracking) {
    stacks.push(
      new TrackingStack(app, stackName("tracking"), { ...settings, tracking }, rooms, props("MLflow server")),
    );
  }
  if (batch) {
    stacks.push(new BatchStack(app, stackName("batch"), { ...settings, batch }, rooms, props("Batch prediction")));
  }
  if (github) {
    stacks.push(
      new GithubStack(app, stackName("github"), { ...settings, github }, storage, props("Roles of the workflows")),
    );
  }
  // The budget counts resources with this tag; activate `project` as a cost allocation tag once (docs/runbook.md).
  Tags.of(app).add("project", settings.name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { writeSuppressionsToCloudFormation: true }));
  return stacks;
}
