import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { projectRoot } from "../../src/files/index";

const read = (path: string) => readFileSync(join(projectRoot(), path), "utf8");

interface Job {
  readonly "timeout-minutes"?: number;
  readonly permissions?: Record<string, string>;
  readonly environment?: string;
  readonly steps: readonly { readonly uses?: string; readonly with?: Record<string, unknown>; readonly run?: string }[];
}

interface Workflow {
  readonly permissions?: object;
  readonly concurrency?: object;
  readonly jobs: Record<string, Job>;
}

describe("workflows", () => {
  const folder = ".github/workflows";
  const names = readdirSync(join(projectRoot(), folder));

  test("there are the four of them", () => {
    assert.deepEqual(names.sort(), ["ci.yml", "deploy-ec2.yml", "deploy-lambda.yml", "linear-history.yml"]);
  });

  for (const name of names) {
    test(`${name}: actions by commit, no permission by default, no secret, a time limit, no leftover credentials`, () => {
      const text = read(`${folder}/${name}`);
      const workflow = parse(text) as Workflow;
      assert.deepEqual(workflow.permissions, {});
      assert.ok(workflow.concurrency);
      assert.doesNotMatch(text, /\{\{\s*secrets|aws-access-key|:latest/);
      for (const job of Object.values(workflow.jobs)) {
        assert.ok(job["timeout-minutes"]);
        assert.equal(job.permissions?.["id-token"] === "write", job.environment === "production");
        for (const { uses, with: options, run } of job.steps) {
          if (uses) assert.match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
          if (uses?.startsWith("actions/checkout")) assert.equal(options?.["persist-credentials"], false);
          // Text from outside reaches a script through its environment only.
          if (run) assert.doesNotMatch(run, /\$\{\{/);
        }
      }
    });
  }
});

test("a roll-out to the servers and the way back end before the credentials and the job", () => {
  const [, wait] = /HISTO_WAIT_SECONDS:-(\d+)/.exec(read("serve/ec2/roll-out.sh")) ?? [];
  const both = 2 * Number(wait);
  const { jobs } = parse(read(".github/workflows/deploy-ec2.yml")) as Workflow;
  const { steps, "timeout-minutes": minutes = 0 } = jobs.deploy as Job;
  const rollOut = steps.findIndex(({ run }) => run?.includes("roll-out.sh"));
  const { uses, with: options } = steps[rollOut - 1] as Job["steps"][number];
  assert.match(uses ?? "", /configure-aws-credentials/);
  const seconds = Number(options?.["role-duration-seconds"]);
  assert.ok(both > 0 && seconds > both && 60 * minutes > seconds + both / 2, `${both} s, ${seconds} s, ${minutes} min`);
  assert.match(
    read("serve/aws/src/stacks/github.ts"),
    new RegExp(`ROLL_OUT = Duration\\.hours\\(${seconds / 3600}\\)`),
  );
});

test("an older version is deployed again under a new tag: the registry takes none twice", () => {
  for (const name of ["deploy-ec2.yml", "deploy-lambda.yml"]) {
    const [, tag = ""] = /--tag "[^"]*:([^":]+)"/.exec(read(`.github/workflows/${name}`)) ?? [];
    // The attempts of every run are counted from one.
    for (const part of ["GITHUB_SHA", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"]) assert.ok(tag.includes(`$${part}`), name);
  }
});

describe("images", () => {
  const dockerfiles = ["serve/lambda/Dockerfile", "serve/ec2/Dockerfile", "mlruns-config/Dockerfile"];

  test("new versions of every base are proposed", () => {
    const { updates } = parse(read(".github/dependabot.yml")) as {
      updates: { "package-ecosystem": string; directories?: string[] }[];
    };
    const docker = updates.find((update) => update["package-ecosystem"] === "docker");
    assert.deepEqual(
      docker?.directories,
      dockerfiles.map((path) => `/${path.replace("/Dockerfile", "")}`),
    );
  });

  for (const path of dockerfiles) {
    test(`${path}: every base by digest, the last user is not root`, () => {
      const lines = read(path).split("\n");
      const bases = lines.filter((line) => line.startsWith("FROM ") && !line.startsWith("FROM scratch"));
      assert.ok(bases.length >= 1);
      for (const base of bases) assert.match(base, /@sha256:[0-9a-f]{64} AS /);
      const user = lines.filter((line) => line.startsWith("USER ")).at(-1);
      assert.match(user ?? "", /^USER [1-9]\d+:/);
    });
  }
});

test("actions are of one version everywhere", () => {
  const folder = join(projectRoot(), ".github", "workflows");
  const text = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  const versions = new Map<string, Set<string>>();
  for (const [, action = "", version = ""] of text.matchAll(/uses: ([\w/-]+)@(\S+ # v[\d.]+)/g)) {
    versions.set(action, (versions.get(action) ?? new Set()).add(version));
  }
  for (const [action, found] of versions) assert.equal(found.size, 1, action);
});

test("compose: what runs for long keeps only the end of its log", () => {
  for (const path of ["serve/ec2/compose.yaml", "mlruns-config/compose/compose.yaml"]) {
    const { services } = parse(read(path)) as { services: Record<string, { restart?: string; logging?: Logging }> };
    for (const [name, { restart, logging }] of Object.entries(services)) {
      if (restart !== "no") assert.ok(logging?.options["max-size"] && logging.options["max-file"], `${path}: ${name}`);
    }
  }
});

interface Logging {
  readonly options: Readonly<Record<string, string>>;
}

test("compose: the container is bounded, healthy or restarted, and may write nothing but its small /tmp", () => {
  const { services } = parse(read("serve/ec2/compose.yaml")) as {
    services: { server: Record<string, unknown> & { volumes: { target: string; read_only: boolean }[] } };
  };
  const { server } = services;
  assert.equal(server.read_only, true);
  assert.deepEqual(
    server.volumes.map(({ target, read_only }) => [target, read_only]),
    [["/models", true]],
  );
  assert.deepEqual(server.cap_drop, ["ALL"]);
  assert.deepEqual(server.security_opt, ["no-new-privileges:true"]);
  assert.equal(server.restart, "unless-stopped");
  for (const name of ["HISTO_API_KEYS", "HISTO_OIDC_ISSUER", "HISTO_OIDC_AUDIENCE"]) {
    assert.equal(
      (server.environment as Record<string, string>)[name],
      `\${${name}:-}`,
      "it asks for keys when it is told to",
    );
  }
  for (const key of ["mem_limit", "pids_limit", "ulimits", "healthcheck", "stop_grace_period"])
    assert.ok(server[key], key);
  // A colon between spaces in a plain scalar makes a mapping of it, which compose refuses.
  const { test: check } = server.healthcheck as { test: unknown[] };
  assert.ok(check.every((word) => typeof word === "string"));
  // What follows the image's name is a command that `histo serve` takes (tests/serve/images.slow.test.ts runs it).
  assert.match(String(server.command), /^serve --model \/models\/current /);
  // Its port is open to all, so that a header may not say who asks.
  assert.doesNotMatch(String(server.command), /--trust-proxy/);
});
