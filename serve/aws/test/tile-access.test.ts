import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { defaultSettings, packageRoot, resources, synthesize } from "./synthesized";

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const { templates } = synthesize(defaultSettings());
/** S3 calls that the program was seen to make: `tests/deployment/operations-actions.slow.test.ts` records them. */
const recorded = JSON.parse(
  readFileSync(join(packageRoot, "..", "..", "tests", "deployment", "recorded-actions.json"), "utf8"),
) as Readonly<Record<"server" | "batch", readonly string[]>>;

/** Actions on the bucket of tiles that a role allows. */
function allowed(path: string): string[] {
  const found = resources(templates, "AWS::IAM::Policy")
    .filter((policy) => policy.path.startsWith(path))
    .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
    .filter(({ Effect, Resource }) => Effect === "Allow" && /Images/.test(JSON.stringify(Resource)))
    .flatMap(({ Action }) => Action);
  return [...new Set(found)].sort();
}

describe("a role may do with tiles what its program does, and nothing else", () => {
  for (const [what, path, program] of [
    ["the function", "lambda/Role", "server"],
    ["the servers", "ec2/Role", "server"],
    ["the batch task", "batch/", "batch"],
  ] as const) {
    test(what, () => assert.deepEqual(allowed(path), [...recorded[program]]));
  }
});
