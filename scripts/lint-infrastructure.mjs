// Lints what deploys the project: Dockerfiles, shell scripts, workflows and the synthesized templates. Missing tools are
// installed; the check fails if one cannot be installed or finds anything.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { awsFolder, awsPackage, lintTools } from "./infrastructure/tools.mjs";
import { root } from "./setup/paths.mjs";
import { orExit } from "./setup/shell.mjs";

const path = await orExit(1, async () => {
  const tools = await lintTools();
  await awsPackage();
  return tools;
});
let failed = 0;

const workflows = filesBelow(join(".github", "workflows"), (name) => name.endsWith(".yml"));
const isShell = (name) => name.endsWith(".sh");
const deployed = ["serve", "mlruns-config"];
const files = (folders, wanted) => folders.flatMap((folder) => filesBelow(folder, wanted));
check(
  "hadolint",
  "hadolint",
  files(deployed, (name) => name === "Dockerfile"),
);
check("shellcheck", "shellcheck", [join(".ci", "run"), ...files([...deployed, "scripts", "findings"], isShell)]);
check("actionlint", "actionlint", workflows);
check("zizmor", "zizmor", ["--offline", "--no-progress", "--persona=pedantic", ...workflows, ".github/dependabot.yml"]);

const templates = mkdtempSync(join(tmpdir(), "histo-templates-"));
const cdk = join(awsFolder, "node_modules", "aws-cdk", "bin", "cdk");
const synth = ["synth", "--no-lookups", "--no-notices", "--no-version-reporting", "--quiet", "--output", templates];
if (check("cdk synth, cdk-nag", process.execPath, [cdk, ...synth], awsFolder)) {
  const names = readdirSync(templates).filter((name) => name.endsWith(".template.json"));
  check("cfn-lint", "cfn-lint", ["--template", ...names.map((name) => join(templates, name))], awsFolder);
}
rmSync(templates, { recursive: true, force: true });
process.exit(failed > 0 ? 1 : 0);

/** Paths below a folder of the project whose file name is wanted, without installed or compiled files. */
function filesBelow(folder, wanted) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const found = join(folder, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|cdk\.out)$/.test(entry.name) ? [] : filesBelow(found, wanted);
    return wanted(basename(found)) ? [found] : [];
  });
}

function check(label, command, args, cwd = root) {
  const env = { ...process.env, PATH: path, CDK_DISABLE_CLI_TELEMETRY: "1" };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  console.log(`${label}: ${status === 0 ? "clean" : "failed"}`);
  if (status === 0) return true;
  console.log(error?.message ?? `${stdout}${stderr}`);
  failed++;
  return false;
}
