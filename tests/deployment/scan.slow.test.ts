/** `histo deploy`'s step that waits for a scan, against a stand-in for ECR: moto knows no enhanced scanning. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { projectRoot } from "../../src/files/index";

before(() => {
  const prepared = spawnSync(process.execPath, ["scripts/aws-package.mjs"], { cwd: projectRoot(), encoding: "utf8" });
  assert.equal(prepared.status, 0, prepared.stderr);
});

/** Answers of ECR: an error without findings, and with them a status. */
const UNKNOWN = { __type: "ScanNotFoundException" };
const is = (status: string, findingSeverityCounts?: object) => ({
  imageScanStatus: { status },
  imageScanFindings: { findings: [], ...(findingSeverityCounts && { findingSeverityCounts, imageScanCompletedAt: 1 }) },
});

/** Runs the step while ECR answers this, the last again and again. @returns the error, or nothing */
async function scan(t: TestContext, ...answers: readonly object[]): Promise<string> {
  const left = [...answers];
  const ecr = createServer((_request, response) => {
    const answer = left.length > 1 ? left.shift() : left[0];
    response.writeHead(answer === UNKNOWN ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
  await once(ecr, "listening");
  t.after(() => {
    ecr.closeAllConnections();
    ecr.close();
  });
  const operate = join(projectRoot(), "serve", "aws", "dist", "serve", "aws", "src", "operate.js");
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL_ECR: `http://127.0.0.1:${(ecr.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
  };
  return promisify(execFile)(process.execPath, [operate, "scan", "histo/server", "sha256:1"], { env }).then(
    () => "",
    ({ stderr }) => stderr,
  );
}

test("a scan is awaited until it has an outcome, also an enhanced one that goes on", async (t) => {
  const [basic, enhanced, bad] = await Promise.all([
    scan(t, UNKNOWN, is("IN_PROGRESS"), is("COMPLETE", { HIGH: 1 })),
    scan(t, UNKNOWN, is("ACTIVE"), is("ACTIVE", {})),
    scan(t, is("COMPLETE"), is("ACTIVE", { CRITICAL: 2 })),
  ]);
  assert.deepEqual([basic, enhanced], ["", ""]);
  assert.match(bad, /found critical vulnerabilities \(2\)/);
});

test("a scan that will have no outcome is an error at once", async (t) => {
  assert.match(await scan(t, is("FAILED")), /has no outcome, its status is FAILED/);
  assert.match(await scan(t, is("UNSUPPORTED_IMAGE", {})), /its status is UNSUPPORTED_IMAGE/);
});
