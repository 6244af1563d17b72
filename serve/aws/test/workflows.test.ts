import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultSettings, packageRoot, resources, synthesize } from "./synthesized";

// What the workflows call, from their own text and the scripts that they run, against what their roles allow.
const CALLS: Readonly<Record<string, readonly string[]>> = {
  // With enhanced scanning ECR asks Inspector in the caller's name.
  "ecr describe-image-scan-findings": [
    "ecr:DescribeImageScanFindings",
    "inspector2:ListCoverage",
    "inspector2:ListFindings",
  ],
  "lambda get-alias": ["lambda:GetAlias"],
  "lambda get-function-configuration": ["lambda:GetFunctionConfiguration"],
  "lambda invoke": ["lambda:InvokeFunction"],
  "lambda publish-version": ["lambda:PublishVersion"],
  "lambda update-alias": ["lambda:UpdateAlias"],
  "lambda update-function-code": ["lambda:UpdateFunctionCode"],
  "lambda wait function-updated-v2": ["lambda:GetFunction"],
  "lambda wait published-version-active": ["lambda:GetFunctionConfiguration"],
  "s3 cp": ["s3:GetObject", "s3:ListBucket"],
  "ssm get-parameter": ["ssm:GetParameter"],
  "ssm list-command-invocations": ["ssm:ListCommandInvocations"],
  "ssm list-commands": ["ssm:ListCommands"],
  "ssm put-parameter": ["ssm:PutParameter"],
  "ssm send-command": ["ssm:SendCommand"],
};
const PUSH = [
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchGetImage",
  "ecr:CompleteLayerUpload",
  "ecr:GetAuthorizationToken",
  "ecr:GetDownloadUrlForLayer",
  "ecr:InitiateLayerUpload",
  "ecr:PutImage",
  "ecr:UploadLayerPart",
];

const project = join(packageRoot, "..", "..");
const { templates } = synthesize(defaultSettings());

for (const [title, workflow, scripts] of [
  ["Lambda", "deploy-lambda.yml", ["serve/scan-image.sh", "serve/lambda/smoke-test.sh"]],
  ["Ec2", "deploy-ec2.yml", ["serve/scan-image.sh", "serve/ec2/roll-out.sh"]],
] as const) {
  test(`${workflow} may do what it does, and nothing else`, () => {
    const text = readFileSync(join(project, ".github", "workflows", workflow), "utf8");
    for (const script of scripts) assert.ok(text.includes(`./${script}`), `${workflow} runs ${script}`);
    const all = [text, ...scripts.map((script) => readFileSync(join(project, script), "utf8"))].join("\n");
    const calls = [...all.matchAll(/\baws ([a-z0-9]+ (?:wait )?[a-z][a-z0-9-]*)/g)].map(([, call]) => call as string);
    assert.ok(calls.length > 3);
    const needed = calls.flatMap((call) => CALLS[call] ?? assert.fail(`${call} is not in this test's table`));
    const allowed = resources(templates, "AWS::IAM::Policy")
      .filter(({ path }) => path.startsWith(`github/${title}Role`))
      .flatMap(
        ({ Properties }) => (Properties.PolicyDocument as { Statement: { Action: string | string[] }[] }).Statement,
      )
      .flatMap(({ Action }) => Action);
    assert.deepEqual([...new Set(allowed)].sort(), [...new Set([...needed, ...PUSH])].sort());
  });
}
