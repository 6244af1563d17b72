/** @module The templates of a deployment, synthesized once per settings, offline. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import type { DeploymentSettings } from "../../../src/deployment/settings";
import { addStacks } from "../src/application";

/** The package's folder; the compiled tests lie four levels below it. */
export const packageRoot = join(__dirname, "..", "..", "..", "..");

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
}

export interface Template {
  readonly Resources: Record<string, Resource>;
}

export function defaultSettings(): DeploymentSettings {
  return JSON.parse(readFileSync(join(packageRoot, "settings.json"), "utf8")) as DeploymentSettings;
}

/**
 * Templates by stack name without the prefix, and the report of cdk-nag and CDK's own checks.
 * @param asked what `cdk -c` was given
 */
export function synthesize(
  settings: DeploymentSettings,
  asked: Readonly<Record<string, string>> = {},
): { templates: Record<string, Template>; report: Report } {
  const { context } = JSON.parse(readFileSync(join(packageRoot, "cdk.json"), "utf8")) as {
    context: Record<string, unknown>;
  };
  const app = new App({ context: { ...context, ...asked }, analyticsReporting: false });
  addStacks(app, settings);
  const assembly = app.synth();
  const templates = Object.fromEntries(
    assembly.stacks.map(({ stackName, template }) => [stackName.slice(settings.name.length + 1), template as Template]),
  );
  const report = JSON.parse(readFileSync(join(assembly.directory, "validation-report.json"), "utf8")) as Report;
  return { templates, report };
}

export interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly { readonly ruleName: string }[];
    readonly suppressedViolations?: readonly { readonly ruleName: string; readonly reason: string }[];
  }[];
}

/** Every resource of the given type with its stack and logical name. */
export function resources(templates: Record<string, Template>, type: string): (Resource & { readonly path: string })[] {
  return Object.entries(templates).flatMap(([stack, template]) =>
    Object.entries(template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([name, resource]) => ({ ...resource, path: `${stack}/${name}` })),
  );
}
