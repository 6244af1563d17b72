// Reads workflow files as jobs with steps: which steps run here, and why the others do not.
import { execFileSync } from "node:child_process";
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { parse } from "yaml";
import { root } from "../setup/paths.mjs";
import { evaluated, isTrue } from "./expressions.mjs";

const FOLDER = join(root, ".github", "workflows");
/** Actions that this script replaces. */
const STAND_INS = ["actions/checkout", "actions/setup-node", "actions/setup-python"];
/** Programs on GitHub's machines that may be missing elsewhere. */
const PROGRAMS = ["sudo", "pipx", "docker", "aws", "jq"];

/**
 * The jobs of all workflows, once for each entry of their matrix.
 * @param {{ chosen: string[], node?: string, tests?: string }} wanted workflows or `workflow/job`; all if empty
 * @returns {{ name: string, node?: string, steps: { name: string, script?: string, env?: object, left?: string }[] }[]}
 */
export function plannedJobs({ chosen, node, tests }) {
  const jobs = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yml"))
    .flatMap((file) => jobsOf(basename(file, ".yml"), parse(readFileSync(join(FOLDER, file), "utf8")), tests));
  const isChosen = ({ name }) =>
    chosen.length === 0 || chosen.some((word) => name === word || name.startsWith(`${word}/`));
  return jobs.filter((job) => isChosen(job) && (node === undefined || job.node === node));
}

function jobsOf(workflow, { jobs, env = {} }, tests) {
  return Object.entries(jobs).flatMap(([id, job]) =>
    entriesOf(job.strategy?.matrix ?? {}).map((matrix) => {
      const contexts = { matrix, github: pushed(workflow) };
      const setup = job.steps.find(({ uses = "" }) => uses.startsWith("actions/setup-node@"));
      const node = setup && String(evaluated(setup.with["node-version"], contexts).value);
      const steps = job.steps.map((step) =>
        stepOf({ ...step, env: { ...env, ...job.env, ...step.env } }, contexts, tests),
      );
      return { name: `${workflow}/${id}`, node, steps };
    }),
  );
}

/** The combinations of a matrix. */
function entriesOf(matrix) {
  return Object.entries(matrix).reduce(
    (entries, [key, values]) => entries.flatMap((entry) => values.map((value) => ({ ...entry, [key]: value }))),
    [{}],
  );
}

function stepOf({ name, uses, run, env, if: condition }, contexts, tests) {
  if (uses) {
    const [action] = uses.split("@");
    return STAND_INS.includes(action) ? { name: action } : { name: name ?? action, left: "an action of GitHub's" };
  }
  const shown = name ?? run.trim();
  if (condition !== undefined && !isTrue(condition)) return { name: shown, left: `only if ${condition}` };
  // A variable that the script does not use may have no value.
  const used = Object.entries(env).filter(([key]) => new RegExp(`\\$\\{?${key}\\b`).test(run));
  const values = used.map(([key, text]) => [key, evaluated(text, contexts)]);
  const script = evaluated(run, contexts);
  const missing = [script, ...values.map(([, value]) => value)].flatMap(({ missing }) => missing);
  if (missing.length > 0) return { name: shown, left: `needs ${[...new Set(missing)].join(", ")}` };
  const program = PROGRAMS.find((word) => new RegExp(`(^|[\\s;|&(])${word}\\s`).test(script.value) && !isThere(word));
  if (program) return { name: shown, left: `needs ${program}` };
  const all = Object.fromEntries(values.map(([key, { value }]) => [key, value]));
  if (tests === undefined || script.value.trim() !== "npm test") return { name: shown, script: script.value, env: all };
  return { name: `npm test -- ${tests}`, script: `npm test -- ${tests}`, env: all };
}

function isThere(program) {
  return process.env.PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** GitHub's context for a push of the last commit. */
function pushed(workflow) {
  const commit = (name) => {
    const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
    try {
      return execFileSync("git", ["rev-parse", "--verify", name], options).trim();
    } catch {
      return "";
    }
  };
  const event = { before: commit("HEAD~1"), after: commit("HEAD") };
  return { workflow, event_name: "push", ref: "refs/heads/main", sha: event.after, event };
}
