/** @module `histo deploy`: shows the steps and monthly costs of a deployment, and runs the steps after confirmation. */
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import type * as z from "zod";
import {
  type DeploymentPart,
  type DeploymentSettings,
  type DeploymentTarget,
  deploymentPlan,
  fixedMonthlyCosts,
  KEPT,
  operate,
  readPrices,
  readSettings,
  removalPlan,
  requireCredentials,
  runPlan,
  type Step,
  trackingPlan,
} from "../deployment/index";
import { InputError } from "../errors/index";
import { projectRoot, readJson } from "../files/index";
import { shellText } from "../format/index";
import { changeSchema, deploymentSchema, logsSchema, releaseSchema, removalSchema } from "../options/index";
import { type CommandContext, defineCommand } from "./command";

type Common = z.output<typeof deploymentSchema>;

/** `histo deploy lambda` and `histo deploy ec2`. */
export function deployTarget(target: DeploymentTarget) {
  return defineCommand({
    schema: releaseSchema,
    async run(options, context) {
      const settings = await settingsOf(options, target);
      const model = resolve(options.model);
      await readJson(join(model, "model.json"));
      const release = options.release ?? (model.split(/[/\\]/).at(-1) as string);
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(release)) {
        throw new InputError("RELEASE_NAME", "--release may have letters, digits, dots, hyphens and underscores only.");
      }
      const settingsFile = resolve(options.settings);
      const steps = deploymentPlan(target, settings, { model, release, tag: newTag(), settingsFile });
      reportRecipient(settings, context);
      const { plan, gave } = await carryOut(target, settings, steps, options, context);
      return { ...plan, ...(gave?.url && { url: gave.url }) };
    },
    render: ({ done, url }) => (done ? `Deployed: ${url ?? "see histo deploy status"}` : "Nothing was done."),
  });
}

/** `histo deploy tracking`. */
export const trackingCommand = defineCommand({
  schema: changeSchema,
  async run(options, context) {
    const settings = await settingsOf(options, "tracking");
    const steps = trackingPlan(settings, { tag: newTag(), settingsFile: resolve(options.settings) });
    reportRecipient(settings, context);
    const { plan, gave } = await carryOut("tracking", settings, steps, options, context);
    return { ...plan, ...(gave?.instance && { instance: gave.instance }) };
  },
  render: ({ done, instance }) =>
    done
      ? `MLflow runs on ${instance}, on no open port. To reach it as http://127.0.0.1:5000:\n` +
        `aws ssm start-session --target ${instance} --document-name AWS-StartPortForwardingSession --parameters portNumber=5000,localPortNumber=5000`
      : "Nothing was done.",
});

/** A new tag for images: the time. */
function newTag(): string {
  return new Date()
    .toISOString()
    .replace(/[^\dT]/g, "")
    .slice(0, 15);
}

function reportRecipient({ alarmEmail }: DeploymentSettings, { progress }: CommandContext): void {
  if (alarmEmail) progress.say(`Alarms and budget notices go to ${alarmEmail}.`);
  else progress.say("The settings have no alarmEmail: nobody is notified of alarms and the budget.");
}

/** `histo deploy destroy`. */
export const destroyCommand = defineCommand({
  schema: removalSchema,
  async run(options, context) {
    const settings = await settingsOf(options);
    const steps = removalPlan(settings, options.part, resolve(options.settings));
    if (options.part !== "lambda" && options.part !== "ec2")
      context.progress.say(`Kept, to be deleted by hand: ${KEPT.join("; ")}.`);
    return (await carryOut(`removal of ${options.part}`, settings, steps, options, context)).plan;
  },
  render: ({ done }) => (done ? "Removed." : "Nothing was done."),
});

/** `histo deploy status`. */
export const statusCommand = defineCommand({
  schema: deploymentSchema,
  async run(options, context) {
    const settings = await settingsOf(options);
    const step = { title: "Ask AWS", command: operate("status", settings.name), gives: "status" };
    const { status = "{}" } = await runSteps([step], settings.region, context);
    return JSON.parse(status) as object;
  },
  render: (status) => JSON.stringify(status, null, 2),
});

/** `histo deploy logs`. */
export const logsCommand = defineCommand({
  schema: logsSchema,
  async run({ follow, minutes, part, ...options }, context) {
    const settings = await settingsOf(options);
    const words = ["logs", settings.name, part, String(minutes), ...(follow ? ["follow"] : [])];
    const step = { title: "Read the log", command: operate(...words), ...(follow ? {} : { gives: "lines" }) };
    const { lines = "" } = await runSteps([step], settings.region, context);
    return { lines: lines.split("\n").filter(Boolean) };
  },
  render: ({ lines }) => lines.join("\n"),
});

/** @throws {InputError} `NOT_IN_SETTINGS` if the settings do not contain `part` */
async function settingsOf(options: Common, part?: DeploymentPart): Promise<DeploymentSettings> {
  const settings = await readSettings(resolve(options.settings));
  if (part && !settings[part]) {
    throw new InputError("NOT_IN_SETTINGS", `--settings ${options.settings} has no part "${part}".`);
  }
  return options.region ? { ...settings, region: options.region } : settings;
}

/**
 * Shows the plan, asks for confirmation and runs it. @param target a part of the deployment, whose costs are shown, or other words
 * @returns also what the steps gave; undefined for a dry run or "no"
 */
async function carryOut(
  target: string,
  settings: DeploymentSettings,
  steps: readonly Step[],
  options: z.output<typeof changeSchema>,
  context: CommandContext,
) {
  const { say } = context.progress;
  const { region } = settings;
  const prices = await readPrices();
  const costs = target in settings ? Object.entries(fixedMonthlyCosts(settings, prices)) : [];
  const monthlyCost = Object.fromEntries(
    costs.filter(([stack]) => ["network", "storage", "alerts", target].includes(stack)),
  );
  const plan = {
    target,
    region,
    steps: steps.map(({ title, command }) => ({ title, command: shellText(command) })),
    monthlyCost,
    monthlyTotal: Object.values(monthlyCost).reduce((sum, { total }) => sum + total, 0),
    prices: `${prices.region}, ${prices.asOf}`,
  };
  say(`${plan.target} in ${plan.region}:`);
  for (const { title, command } of plan.steps) say(`  ${title}\n      ${command}`);
  for (const [stack, { items, total }] of Object.entries(plan.monthlyCost)) {
    const parts = Object.entries(items).map(([item, dollars]) => `${item} ${dollars.toFixed(2)}`);
    say(`  ${stack}: $${total.toFixed(2)} per month (${parts.join(", ")})`);
  }
  if (plan.monthlyTotal > 0) {
    say(`  Together $${plan.monthlyTotal.toFixed(2)} per month before any requests (list prices of ${plan.prices}).`);
  }
  const wanted = !options.dryRun && (options.yes || (await isConfirmed(context)));
  const gave = wanted ? await runSteps(steps, region, context) : undefined;
  return { plan: { ...plan, done: wanted }, gave };
}

async function isConfirmed({ json, signal }: CommandContext): Promise<boolean> {
  if (!process.stdin.isTTY || json) {
    const message = "Nothing was done: give --yes to run the plan, or --dry-run to only show it.";
    throw new InputError("NOT_CONFIRMED", message);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // A terminal sends Ctrl-C as a key; Ctrl-D ends the input, which is no yes.
  terminal.on("SIGINT", () => process.emit("SIGINT"));
  const answer = await terminal
    .question("Run it? [y/N] ", { signal })
    .catch((error: unknown) => {
      if (signal.aborted) throw error;
      return "";
    })
    .finally(() => terminal.close());
  return /^y(es)?$/i.test(answer.trim());
}

/** Installs CDK and the AWS clients if they are missing, then runs the steps. */
async function runSteps(steps: readonly Step[], region: string, { progress, signal }: CommandContext) {
  await requireCredentials();
  const prepare: Step = {
    title: "CDK and the AWS clients",
    command: ["node", join(projectRoot(), "scripts", "aws-package.mjs")],
  };
  return runPlan([prepare, ...steps], { progress, signal, environment: { AWS_REGION: region } });
}
