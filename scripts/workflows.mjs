// Runs the steps of the GitHub workflows on this machine, each job in a fresh clone of the last commit with its version of Node:
//   node scripts/workflows.mjs                        every job
//   node scripts/workflows.mjs ci/test deploy-ec2     these workflows or jobs
//     --node 24        only jobs with this version of Node
//     --tests "A B"    `npm test` runs only the test files whose path contains A or B
//     --list           only lists what would run and what would not
// Steps that need GitHub, AWS or a program that is missing here are listed but do not run.
import { parseArgs } from "node:util";
import { orExit, SetupError } from "./setup/shell.mjs";
import { plannedJobs } from "./workflows/plan.mjs";
import { runJob } from "./workflows/run.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: "string" }, tests: { type: "string" }, list: { type: "boolean" } },
});

await orExit(2, async () => {
  const jobs = plannedJobs({ chosen: positionals, node: values.node, tests: values.tests });
  if (jobs.length === 0) throw new SetupError("No job matches.", "List all jobs with --list alone.");
  let failed = 0;
  for (const job of jobs) {
    console.log(job.node ? `${job.name} on Node ${job.node}` : job.name);
    if (!values.list) failed += await runJob(job);
    else for (const { name, left } of job.steps) console.log(`  ${left ? `not run: ${name} (${left})` : name}`);
  }
  process.exitCode = failed > 0 ? 1 : 0;
});
