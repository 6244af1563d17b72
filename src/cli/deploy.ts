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
  type MonthlyCost,
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
type Change = z.output<typeof changeSchema>;
type Plan = Awaited<ReturnType<typeof describePlan>>;

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
      const plan = await describePlan(target, settings.region, steps, await costsOf(settings, target));
      reportRecipient(settings, context);
      const done = await confirmAndRun(plan, steps, options, context);
      return { ...plan, done: done !== undefined, ...(done?.url ? { url: done.url } : {}) };
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
    const plan = await describePlan("tracking", settings.region, steps, await costsOf(settings, "tracking"));
    reportRecipient(settings, context);
    const done = await confirmAndRun(plan, steps, options, context);
    return { ...plan, done: done !== undefined, ...(done?.instance ? { instance: done.instance } : {}) };
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
    const plan = await describePlan(`removal of ${options.part}`, settings.region, steps, {});
    if (options.part !== "lambda" && options.part !== "ec2")
      context.progress.say(`Kept, to be deleted by hand: ${KEPT.join("; ")}.`);
    const done = await confirmAndRun(plan, steps, options, context);
    return { ...plan, done: done !== undefined };
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

async function costsOf(settings: DeploymentSettings, target: DeploymentPart) {
  const wanted = ["network", "storage", "alerts", target];
  const costs = fixedMonthlyCosts(settings, await readPrices());
  return Object.fromEntries(Object.entries(costs).filter(([stack]) => wanted.includes(stack)));
}

/** @param monthlyCost fixed dollars per month by stack and item, without requests */
async function describePlan(
  target: string,
  region: string,
  steps: readonly Step[],
  monthlyCost: Record<string, MonthlyCost>,
) {
  const { asOf, region: priced } = await readPrices();
  return {
    target,
    region,
    steps: steps.map(({ title, command }) => ({ title, command: shellText(command) })),
    monthlyCost,
    monthlyTotal: Object.values(monthlyCost).reduce((sum, { total }) => sum + total, 0),
    prices: `${priced}, ${asOf}`,
  };
}

/** Shows the plan, asks for confirmation and runs it. @returns the steps' outputs; undefined for a dry run or "no" */
async function confirmAndRun(plan: Plan, steps: readonly Step[], options: Change, context: CommandContext) {
  const { say } = context.progress;
  say(`${plan.target} in ${plan.region}:`);
  for (const { title, command } of plan.steps) say(`  ${title}\n      ${command}`);
  for (const [stack, { items, total }] of Object.entries(plan.monthlyCost)) {
    const parts = Object.entries(items).map(([item, dollars]) => `${item} ${dollars.toFixed(2)}`);
    say(`  ${stack}: $${total.toFixed(2)} per month (${parts.join(", ")})`);
  }
  if (plan.monthlyTotal > 0) {
    say(`  Together $${plan.monthlyTotal.toFixed(2)} per month before any requests (list prices of ${plan.prices}).`);
  }
  if (options.dryRun) return undefined;
  if (!options.yes) {
    if (!process.stdin.isTTY || context.json) {
      const message = "Nothing was done: give --yes to run the plan, or --dry-run to only show it.";
      throw new InputError("NOT_CONFIRMED", message);
    }
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    // A terminal sends Ctrl-C as a key; Ctrl-D ends the input, which is no yes.
    terminal.on("SIGINT", () => process.emit("SIGINT"));
    const answer = await terminal
      .question("Run it? [y/N] ", { signal: context.signal })
      .catch((error: unknown) => {
        if (context.signal.aborted) throw error;
        return "";
      })
      .finally(() => terminal.close());
    if (!/^y(es)?$/i.test(answer.trim())) return undefined;
  }
  return runSteps(steps, plan.region, context);
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
