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
  const network = new NetworkStack(app, settings);
  const storage = new StorageStack(app, settings, network);
  const alerts = new AlertsStack(app, settings);
  const rooms = { network, storage, alerts };
  const stacks: Stack[] = [network, storage, alerts];
  if (lambda) stacks.push(new LambdaStack(app, { ...settings, lambda }, rooms));
  if (ec2) stacks.push(new Ec2Stack(app, { ...settings, ec2 }, rooms));
  if (tracking) stacks.push(new TrackingStack(app, { ...settings, tracking }, rooms));
  if (batch) stacks.push(new BatchStack(app, { ...settings, batch }, rooms));
  if (github) stacks.push(new GithubStack(app, { ...settings, github }, storage));
  // The budget counts resources with this tag; activate `project` as a cost allocation tag once (docs/runbook.md).
  Tags.of(app).add("project", settings.name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { writeSuppressionsToCloudFormation: true }));
  return stacks;
}
