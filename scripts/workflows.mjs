// Runs the GitHub workflows' steps on this machine, each job in a fresh clone of the last commit with the Node that it asks for:
//   node scripts/workflows.mjs                        every job
//   node scripts/workflows.mjs ci/test deploy-ec2     these workflows or jobs
//     --node 24        only what asks for this Node
//     --tests "A B"    `npm test` runs only the test files whose path contains A or B
//     --list           says what would be run and what not, and does nothing
// Steps that need GitHub, AWS or a program that this machine has not are named and not run.
import { parseArgs } from "node:util";
import { SetupError } from "./setup/shell.mjs";
import { plannedJobs } from "./workflows/plan.mjs";
import { runJob } from "./workflows/run.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: "string" }, tests: { type: "string" }, list: { type: "boolean" } },
});

try {
  const jobs = plannedJobs({ chosen: positionals, node: values.node, tests: values.tests });
  if (jobs.length === 0)
    throw new SetupError("No job of a workflow is like that.", "See --list without anything else.");
  let failed = 0;
  for (const job of jobs) {
    console.log(job.node ? `${job.name} on Node ${job.node}` : job.name);
    if (!values.list) failed += await runJob(job);
    else for (const { name, left } of job.steps) console.log(`  ${left ? `not run: ${name} (${left})` : name}`);
  }
  process.exitCode = failed > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error([error.message, error.advice].filter(Boolean).join("\n"));
  process.exitCode = 2;
}
