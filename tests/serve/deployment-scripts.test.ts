/** The scripts that run on the machines, with programs in place of `aws` and `docker` that do what the test says. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, copyFile, mkdir, readdir, readFile, readlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { awaitModel } from "../../serve/server/await-model";
import { startServer } from "../../serve/server/index";
import { projectRoot } from "../../src/files/index";
import { writeModel } from "../support/served-model";
import { makePlace, ServerMachine } from "../support/server-machine";
import { REGISTRY, Ssm, writeAwsProgram } from "../support/ssm";
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
  return { folder, volume, bin, program, release, use };
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

test("what a killed run left on the volume is removed by the next one, what others still copy is not", async (t) => {
  const { folder, volume, program, release, use } = await machine(t);
  await program("docker", 'case "$1" in ps) echo server ;; esac');
  await release("first");
  await release("second");
  const releases = join(volume, "releases");
  const killed = spawn("sh", [join(folder, "model.sh"), "first"], {
    env: { PATH: `${join(folder, "bin")}:${process.env.PATH}` },
    stdio: "ignore",
  });
  const hidden = async () => (await readdir(releases).catch(() => [])).filter((name) => name.startsWith("."));
  while ((await hidden()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  killed.kill("SIGKILL");
  await once(killed, "close");
  const others = [".first.other-machine.1", ".first.machine-that-is-gone.1"];
  for (const name of others) await mkdir(join(releases, name));
  await utimes(join(releases, others[1] as string), 0, 0);
  const { status, errors } = await use("second");
  assert.equal(status, 0, errors);
  assert.deepEqual(await hidden(), others.slice(0, 1));
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

test("a model with which no server gets ready is not the current one any more", async (t) => {
  const { folder, volume, program, release, use } = await machine(t);
  await program("docker", "exit 0");
  await writeFile(join(folder, "current.env"), "HISTO_SERVER_IMAGE=image\n");
  const deploy = async (status: number) => {
    await writeFile(join(folder, "deploy.sh"), `#!/bin/sh\nexit ${status}\n`);
    await chmod(join(folder, "deploy.sh"), 0o755);
  };
  await release("first");
  await release("second");
  await deploy(0);
  assert.equal((await use("first")).status, 0);
  await deploy(1);
  const { status, errors } = await use("second");
  assert.equal(status, 1);
  assert.match(errors, /did not take second.*back to releases\/first/s);
  assert.equal(await readlink(join(volume, "current")), "releases/first");
});

test("the first image waits for the first model, and is fetched from the registry once", async (t) => {
  const folder = await temporaryDirectory(t);
  const machine = await ServerMachine.make(join(folder, "a"), await makePlace(folder, ["one"]));
  const { ok, output } = await machine.run("deploy.sh", "image-1");
  assert.ok(ok, output);
  assert.match(output, /no model yet: image-1/);
  assert.equal(await machine.serves(), "");
  assert.ok((await machine.run("model.sh", "one")).ok);
  assert.equal(await machine.serves(), "image-1 one");
  // The registry's token of a machine that has run for longer is no longer valid.
  assert.equal((await machine.calls()).filter((call) => call.startsWith("pull")).length, 1);
});

test("a first model that does not work keeps no other image from starting", async (t) => {
  const folder = await temporaryDirectory(t);
  const machine = await ServerMachine.make(join(folder, "a"), await makePlace(folder, ["bad", "good"]));
  await machine.refuse("image-1", "bad");
  await machine.refuse("image-2", "bad");
  await machine.run("deploy.sh", "image-1");
  assert.equal((await machine.run("model.sh", "bad")).ok, false);
  assert.ok((await machine.run("deploy.sh", "image-2")).ok);
  assert.ok((await machine.run("model.sh", "good")).ok);
  assert.equal(await machine.serves(), "image-2 good");
});

test("a machine goes back to its own model before, where another has made the new one the current one", async (t) => {
  const folder = await temporaryDirectory(t);
  const place = await makePlace(folder, ["one", "two"]);
  const [a, b] = [
    await ServerMachine.make(join(folder, "a"), place),
    await ServerMachine.make(join(folder, "b"), place),
  ];
  for (const machine of [a, b]) {
    await machine.run("deploy.sh", "image");
    assert.ok((await machine.run("model.sh", "one")).ok);
  }
  await b.refuse("image", "two");
  assert.ok((await a.run("model.sh", "two")).ok);
  const { ok, output } = await b.run("model.sh", "two");
  assert.equal(ok, false);
  assert.match(output, /^model before: releases\/one\n.*back to releases\/one/s);
  assert.equal(await readlink(join(place.volume, "current")), "releases/one");
  assert.equal(await b.serves(), "image one");
});

test("the servers before one that does not get ready go back to the recorded images, too", async (t) => {
  const folder = await temporaryDirectory(t);
  const place = await makePlace(folder, ["one"]);
  const machines: ServerMachine[] = [];
  for (const name of ["a", "b", "c"]) machines.push(await ServerMachine.make(join(folder, name), place));
  const ssm = new Ssm(machines);
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeAwsProgram(bin);
  const env = { PATH: `${bin}:${process.env.PATH}`, AWS_ENDPOINT_URL_SSM: await ssm.open(), HISTO_POLL_SECONDS: "0" };
  t.after(() => ssm.close());
  const image = (version: number) => `histo/server@sha256:${version}`;
  const tools = (version: number) => `histo/tools@sha256:${version}`;
  const rollOut = async (version: number) => {
    const script = join(projectRoot(), "serve", "ec2", "roll-out.sh");
    const child = spawn("sh", [script, "histo", image(version), tools(version)], { env });
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await once(child, "close");
    return { status, output: (await output).join("") };
  };
  const served = () => Promise.all(machines.map((machine) => machine.serves()));
  const all = (version: number) => Array(3).fill(`${REGISTRY}/${image(version)} one`);
  const first = await rollOut(1);
  assert.equal(first.status, 0, first.output);
  for (const machine of machines) assert.ok((await machine.run("model.sh", "one")).ok);
  assert.deepEqual(await served(), all(1));
  // Nothing is recorded yet: there is nothing to go back to.
  await machines[1]?.refuse(`${REGISTRY}/${image(2)}`, "one");
  const unrecorded = await rollOut(2);
  assert.equal(unrecorded.status, 1);
  assert.match(unrecorded.output, /i-0 stay on histo\/server@sha256:2: no images before are recorded/);
  assert.deepEqual(await served(), [`${REGISTRY}/${image(2)} one`, ...all(1).slice(1)]);
  ssm.parameters.set("/histo/server/image", `${REGISTRY}/${image(1)}`);
  ssm.parameters.set("/histo/server/tools", `${REGISTRY}/${tools(1)}`);
  const { status, output } = await rollOut(2);
  assert.equal(status, 1);
  assert.match(output, /i-1 Failed/);
  assert.match(output, /i-0 back to histo\/server@sha256:1/);
  assert.deepEqual(await served(), all(1));
  assert.equal((await rollOut(3)).status, 0);
  assert.deepEqual(await served(), all(3));
});

test("a roll-out that reaches no server is none", async (t) => {
  const folder = await temporaryDirectory(t);
  const ssm = new Ssm([]);
  const env = {
    PATH: `${folder}:${process.env.PATH}`,
    AWS_ENDPOINT_URL_SSM: await ssm.open(),
    HISTO_POLL_SECONDS: "0",
  };
  t.after(() => ssm.close());
  await writeAwsProgram(folder);
  const child = spawn("sh", [join(projectRoot(), "serve", "ec2", "roll-out.sh"), "histo", "server", "tools"], { env });
  const errors = text(child.stderr);
  const [status] = await once(child, "close");
  assert.equal(status, 1);
  assert.match(await errors, /no server has started server/);
});

test("MLflow's machine goes back to the image before when the new one does not get ready", async (t) => {
  const { folder, bin, program } = await machine(t);
  await copyFile(join(projectRoot(), "serve", "ec2", "start-mlflow.sh"), join(folder, "start-mlflow.sh"));
  const settings = ["AWS_REGION=r", "HISTO_LOG_GROUP=g", "MLFLOW_DATABASE_SECRET=s", "MLFLOW_DATABASE_HOST=h"];
  await writeFile(join(folder, "host.env"), [...settings, "MLFLOW_ARTIFACTS=s3://a", ""].join("\n"));
  await program("aws", `printf '%s\\n' '{"password": "p@ss/w%rd#1\\\\"}'`);
  // The image's name is the last word of `docker run`.
  await program(
    "docker",
    `echo "$@" >> ${folder}/calls; case "$1" in run) for image; do :; done; echo "$image" > ${folder}/runs ;; inspect) cat ${folder}/runs ;; esac`,
  );
  await program("curl", `grep -q good ${folder}/runs`);
  const start = async (image: string) => {
    const child = spawn("sh", [join(folder, "start-mlflow.sh"), image], {
      env: { PATH: `${bin}:${process.env.PATH}`, HISTO_POLL_SECONDS: "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const errors = text(child.stderr);
    const [status] = await once(child, "close");
    return { status, errors: await errors };
  };
  const inCalls = async (text: string) => (await readFile(join(folder, "calls"), "utf8")).includes(text);
  assert.deepEqual(await start("good-1"), { status: 0, errors: "" });
  assert.equal(await inCalls("rds-ca.pem"), false);
  assert.match(await readFile(join(folder, "mlflow.env"), "utf8"), /\/mlflow\?sslmode=require\n/);
  // With Amazon's certificates in the tools the database's is checked, also by the image before.
  await writeFile(join(folder, "rds-ca.pem"), "certificates");
  assert.match(await readFile(join(folder, "mlflow.env"), "utf8"), /:\/\/mlflow:p%40ss%2Fw%25rd%231%5C@h:5432/);
  await writeFile(join(folder, "calls"), "");
  const { status, errors } = await start("bad-2");
  assert.match(
    await readFile(join(folder, "mlflow.env"), "utf8"),
    /\?sslmode=verify-full&sslrootcert=\/etc\/mlflow\/rds-ca\.pem\n/,
  );
  for (const image of ["bad-2", "good-1"]) {
    const run = new RegExp(`^run .*--volume ${folder}/rds-ca\\.pem:/etc/mlflow/rds-ca\\.pem:ro .* ${image}$`, "m");
    assert.match(await readFile(join(folder, "calls"), "utf8"), run);
  }
  assert.equal(status, 1);
  assert.match(errors, /not ready: bad-2.*back to: good-1/s);
  await program("curl", "exit 1");
  assert.match((await start("bad-3")).errors, /not ready: bad-3.*not ready either: good-1/s);
  assert.equal((await readFile(join(folder, "runs"), "utf8")).trim(), "good-1");
});

/** A description as ECR gives it, of which a shell may make a line break. */
const TEXT = { description: "one line\nand another" };

test("the scan of an image is awaited from before the registry knows of it", async (t) => {
  const { folder, bin, program } = await machine(t);
  // What the registry says, one line for each time that it is asked.
  await program(
    "aws",
    `line=$(head -1 ${folder}/says); sed -i 1d ${folder}/says; [ -n "$line" ] && printf '%s\\n' "$line"`,
  );
  const scan = async (...says: string[]) => {
    await writeFile(join(folder, "says"), `${says.join("\n")}\n`);
    const env = { PATH: `${bin}:${process.env.PATH}`, HISTO_POLL_SECONDS: "0" };
    const child = spawn("sh", [join(projectRoot(), "serve", "scan-image.sh"), "histo/server", "sha256:1"], { env });
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await once(child, "close");
    return { status, output: (await output).join("") };
  };
  const is = (status: string, findingSeverityCounts?: object) => {
    const found = findingSeverityCounts && { findingSeverityCounts, imageScanCompletedAt: "2026-12-01T08:00:00+00:00" };
    return JSON.stringify({ imageScanStatus: { status }, imageScanFindings: { findings: [TEXT], ...found } });
  };
  const good = await scan("", is("PENDING"), is("IN_PROGRESS"), is("COMPLETE", { HIGH: 1 }));
  assert.deepEqual(good, { status: 0, output: "histo/server@sha256:1: nothing critical\n" });
  const bad = await scan("", is("COMPLETE", { CRITICAL: 2 }));
  assert.deepEqual(bad, { status: 1, output: "histo/server@sha256:1: 2 critical vulnerabilities\n" });
  assert.match((await scan(is("FAILED"))).output, /status is FAILED/);
  // Enhanced scanning has no end, and gives its status before there are findings.
  for (const status of ["ACTIVE", "COMPLETE"]) {
    assert.deepEqual(await scan(is(status), is(status), is("ACTIVE", {})), good, status);
    assert.deepEqual(await scan(is(status), is("ACTIVE", { CRITICAL: 2 })), bad, status);
  }
  assert.match((await scan(is("ACTIVE"))).output, /status is unknown/);
  assert.match((await scan(is("SCAN_ELIGIBILITY_EXPIRED", {}))).output, /status is SCAN_ELIGIBILITY_EXPIRED/);
});

test("a server's model is awaited until it serves it, and no longer than asked", async (t) => {
  const directory = await temporaryDirectory(t);
  const model = await writeModel(join(directory, "model"));
  const server = await startServer({ models: [model], port: 0 });
  t.after(() => server.close());
  await awaitModel(server.url, model, 5);
  const stricter = await writeModel(join(directory, "stricter"), { threshold: 0.9 });
  await assert.rejects(awaitModel(server.url, stricter, 0.5), { code: "MODEL_NOT_TAKEN" }, "the same weights");
  const other = await writeModel(join(directory, "other"), { seed: 5 });
  await assert.rejects(awaitModel(server.url, other, 0.5), { code: "MODEL_NOT_TAKEN" });
  for (const name of await readdir(other)) await copyFile(join(other, name), join(model, name));
  const waited = awaitModel(server.url, model, 20);
  await server.reload();
  await waited;
  await appendFile(join(model, "model.onnx"), "x");
  await assert.rejects(server.reload(), { code: "MODEL_CORRUPT" });
});

test("a server that takes the question and says nothing is awaited no longer either", {
  timeout: 20_000,
}, async (t) => {
  const model = await writeModel(join(await temporaryDirectory(t), "model"));
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await assert.rejects(awaitModel(url, model, 0.5), { code: "MODEL_NOT_TAKEN" });
});
