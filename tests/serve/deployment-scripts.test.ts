/** The scripts that run on the machines, with programs in place of `aws` and `docker` that do what the test says. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, copyFile, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { awaitModel } from "../../serve/server/await-model";
import { startServer } from "../../serve/server/index";
import { projectRoot } from "../../src/files/index";
import { writeModel } from "../support/served-model";
import { temporaryDirectory } from "../support/temporary-directory";

/** A machine with `model.sh`, a volume, and a bucket that is a folder. */
async function machine(t: TestContext) {
  const folder = await temporaryDirectory(t);
  const [volume, releases, bin] = ["volume", "bucket", "bin"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([volume, releases, bin].map((path) => mkdir(path)));
  await copyFile(join(projectRoot(), "serve", "ec2", "model.sh"), join(folder, "model.sh"));
  await writeFile(join(folder, "host.env"), `HISTO_RELEASES=${releases}\nHISTO_MODEL_VOLUME=${volume}\n`);
  const program = async (name: string, script: string) => {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  };
  // The files come one after the other, like from a bucket.
  await program("aws", 'mkdir -p "$6"; for file in "$5"*; do sleep 0.1; cp "$file" "$6"; done');
  const release = async (name: string) => {
    await mkdir(join(releases, name));
    for (const file of ["a.data", "b.data", "model.json"]) await writeFile(join(releases, name, file), name);
  };
  const use = async (name: string) => {
    const child = spawn("sh", [join(folder, "model.sh"), name], {
      env: { PATH: `${bin}:${process.env.PATH}` },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
    });
    const [status] = await once(child, "close");
    return { status, errors };
  };
  return { folder, volume, program, release, use };
}

test("machines that share a volume may copy a model at the same time", async (t) => {
  const { volume, program, release, use } = await machine(t);
  await program("docker", 'case "$1" in ps) echo server ;; esac');
  await release("first");
  for (const { status, errors } of await Promise.all([use("first"), use("first"), use("first")])) {
    assert.equal(status, 0, errors);
  }
  assert.deepEqual((await readdir(volume)).sort(), ["current", "releases"]);
  assert.deepEqual(await readdir(join(volume, "releases")), ["first"]);
  assert.deepEqual((await readdir(join(volume, "releases", "first"))).sort(), ["a.data", "b.data", "model.json"]);
  assert.equal(await readlink(join(volume, "current")), "releases/first");
});

test("a model that the server does not take is not the current one any more", async (t) => {
  const { folder, volume, program, release, use } = await machine(t);
  const docker = (exec: string) =>
    program("docker", `echo "$@" >> ${folder}/calls; case "$1" in ps) echo server ;; exec) ${exec} ;; esac`);
  await release("first");
  await release("second");
  await docker("exit 0");
  assert.equal((await use("first")).status, 0);
  await docker("exit 1");
  const { status, errors } = await use("second");
  assert.equal(status, 1);
  assert.match(errors, /did not take second.*back to releases\/first/s);
  assert.equal(await readlink(join(volume, "current")), "releases/first");
  const calls = (await readFile(join(folder, "calls"), "utf8")).trim().split("\n");
  assert.deepEqual(
    calls.slice(-4).map((call) => call.split(" ", 2).join(" ")),
    ["ps --quiet", "kill --signal", "exec server", "kill --signal"],
  );
});

test("a server's model is awaited until it serves it, and no longer than asked", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = await writeModel(join(directory, "model"));
  const server = await startServer({ models: [model], port: 0 });
  t.after(() => server.close());
  await awaitModel(server.url, model, 5);
  const other = await writeModel(join(directory, "other"), { seed: 5 });
  await assert.rejects(awaitModel(server.url, other, 0.5), { code: "MODEL_NOT_TAKEN" });
  for (const name of await readdir(other)) await copyFile(join(other, name), join(model, name));
  const waited = awaitModel(server.url, model, 20);
  await server.reload();
  await waited;
  await appendFile(join(model, "model.onnx"), "x");
  await assert.rejects(server.reload(), { code: "MODEL_CORRUPT" });
});
