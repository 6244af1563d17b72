import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { projectRoot, readJson } from "../../src/files/index";
import { bytesBelow, installedPackages, layOutImage } from "../support/image-files";
import { tile, writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

const MEGABYTE = 1e6;
/** An MLP of 224 x 224 pixels through a factored first layer is as large as the compact variant of the reference. */
const COMPACT = { size: 224, hidden: [32, 16] };

// tests/serve/lambda-limits.slow.test.ts runs it.
test("the Lambda image: under 250 MB with its model, only what it loads", async (t) => {
  const folder = await temporaryDirectory(t);
  const model = await writeModel(join(folder, "model"), COMPACT);
  const root = join(folder, "image");
  layOutImage({ dockerfile: "serve/lambda/Dockerfile", stage: "function", contexts: { model }, target: root });

  const size = bytesBelow(root);
  console.log(`  Lambda image: ${(size / MEGABYTE).toFixed(1)} MB unpacked, on AWS's base image`);
  assert.ok(size < 250 * MEGABYTE, `${size} bytes`);
  const packages = installedPackages(root);
  for (const name of ["onnxruntime-node", "sharp", "@aws-sdk/client-s3"]) assert.ok(packages.includes(name), name);
  for (const name of ["express", "danfojs-node", "tslab", "@tensorflow/tfjs"])
    assert.ok(!packages.includes(name), name);
  const { components } = await readJson<{ components: { name: string; version: string; hashes: object[] }[] }>(
    join(root, "node_modules/sbom.cdx.json"),
  );
  const listed = new Set(components.map(({ name }) => name));
  assert.deepEqual(
    packages.filter((name) => !listed.has(name)),
    [],
  );
  assert.ok(components.every(({ version, hashes }) => version && hashes.length > 0));
  const runtimes = readdirSync(join(root, "node_modules/onnxruntime-node/bin/napi-v6"));
  assert.deepEqual(runtimes, ["linux"]);
  assert.equal(readdirSync(join(root, "node_modules/onnxruntime-node/bin/napi-v6/linux")).length, 1);
});

test("the server image: histo serve gets ready from the image's files alone", async (t) => {
  const folder = await temporaryDirectory(t);
  const model = await writeModel(join(folder, "models", "first"), COMPACT);
  await symlink(model, join(folder, "models", "current"));
  const root = join(folder, "image");
  layOutImage({ dockerfile: "serve/ec2/Dockerfile", stage: "server", target: root });
  console.log(`  server image: ${(bytesBelow(root) / MEGABYTE).toFixed(1)} MB unpacked, on the Node image`);
  assert.ok(!existsSync(join(root, "node_modules/@tensorflow")));

  const server = spawn(
    process.execPath,
    ["bin/histo.cjs", "serve", "--model", join(folder, "models/current"), "--port", "0", "--trust-proxy", "1"],
    { cwd: root, env: { PATH: process.env.PATH, NODE_ENV: "production", HISTO_ROOT: root } },
  );
  t.after(async () => {
    server.kill("SIGTERM");
    if (server.exitCode === null) await once(server, "exit");
  });
  const ended = once(server, "exit").then(([status]) => assert.fail(`the server ended with status ${status}`));
  const url = await Promise.race([addressIn(server.stdout), addressIn(server.stderr), ended]);
  ended.catch(() => undefined);
  await readyAt(url);
  const response = await fetch(`${url}/predict`, {
    method: "POST",
    headers: { "content-type": "image/png" },
    body: new Uint8Array(await tile(2, 224)),
  });
  assert.equal(response.status, 200);
});

test("the images' packages have the versions that the project is tested with", async () => {
  const { dependencies } = await readJson<{ dependencies: Record<string, string> }>(
    join(projectRoot(), "package.json"),
  );
  for (const image of ["lambda", "ec2"]) {
    const manifest = JSON.parse(readFileSync(join(projectRoot(), "serve", image, "package.json"), "utf8"));
    for (const [name, version] of Object.entries(manifest.dependencies))
      assert.equal(version, dependencies[name], name);
  }
});

/** The first address that a stream names. */
async function addressIn(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url) {
      stream.resume();
      return url;
    }
  }
  return new Promise(() => undefined);
}

async function readyAt(url: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not get ready in 60 s`);
}
