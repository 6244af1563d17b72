// Lints what deploys the project: Dockerfiles, shell scripts, workflows and the synthesized templates.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsFolder, awsPackage, lintTools } from "./infrastructure/tools.mjs";
import { root } from "./setup/paths.mjs";

const { path, actionlint } = await lintTools();
await awsPackage();
let failed = 0;

const below = (folder, ending) => readdirSync(join(root, folder)).filter((name) => name.endsWith(ending));
const workflows = below(".github/workflows", ".yml").map((name) => join(".github", "workflows", name));
check("hadolint", "hadolint", ["serve/lambda/Dockerfile", "serve/ec2/Dockerfile"]);
const scripts = ["serve", "serve/ec2", "serve/lambda"].flatMap((folder) =>
  below(folder, ".sh").map((name) => join(folder, name)),
);
check("shellcheck", "shellcheck", scripts);
if (actionlint) check("actionlint", "actionlint", workflows);
else console.log("actionlint: skipped, Go is not installed to build it");
check("zizmor", "zizmor", ["--offline", "--no-progress", "--persona=pedantic", ...workflows, ".github/dependabot.yml"]);

const templates = mkdtempSync(join(tmpdir(), "histo-templates-"));
const cdk = join(awsFolder, "node_modules", "aws-cdk", "bin", "cdk");
const synth = ["synth", "--no-lookups", "--no-notices", "--no-version-reporting", "--quiet", "--output", templates];
if (check("cdk synth, cdk-nag", process.execPath, [cdk, ...synth], awsFolder)) {
  const files = readdirSync(templates).filter((name) => name.endsWith(".template.json"));
  check("cfn-lint", "cfn-lint", ["--template", ...files.map((name) => join(templates, name))], awsFolder);
}
rmSync(templates, { recursive: true, force: true });
process.exit(failed > 0 ? 1 : 0);

function check(label, command, args, cwd = root) {
  const env = { ...process.env, PATH: path, CDK_DISABLE_CLI_TELEMETRY: "1" };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  console.log(`${label}: ${status === 0 ? "clean" : "failed"}`);
  if (status === 0) return true;
  console.log(error?.message ?? `${stdout}${stderr}`);
  failed++;
  return false;
}
