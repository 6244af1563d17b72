import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { projectRoot } from "../../src/files/index";
import {
  containers,
  freePort,
  logOf,
  missingForContainers,
  podman,
  podmanEnvironment,
  remove,
} from "../support/containers";
import { selfSignedCertificate } from "../support/gateway";
import { sharedDirectory } from "../support/temporary-directory";

const NAME = `histo-test-tools-${process.pid}`;
/** Made up; it becomes part of an address. */
const PASSWORD = "p@ss/w%rd";
const CERTIFICATES = "rds-ca.pem";
const missing = missingForContainers() ?? (selfSignedCertificate() ? undefined : "openssl is not installed");

// The machines unpack this image; on MLflow's one, start-mlflow.sh then connects to RDS. Here PostgreSQL has a certificate
// of its own, and podman starts MLflow's image as the script says.
describe("the machines' tools, built with Amazon's certificates and without", { skip: missing ?? false }, () => {
  const folder = sharedDirectory();
  const [own, foreign] = ["DNS:database", "DNS:database"].map((name) => selfSignedCertificate(name));
  let mlflow = "";
  let port = 0;

  before(async () => {
    mlflow = await containers("build", "mlflow");
    port = await freePort();
    await podman("network", "create", NAME);
    await writeFile(join(folder, "cert.pem"), own?.cert ?? "");
    await writeFile(join(folder, "key.pem"), own?.key ?? "");
    await writePrograms();
    const settings = ["POSTGRES_USER=mlflow", "POSTGRES_DB=mlflow", `POSTGRES_PASSWORD=${PASSWORD}`];
    const encrypted = "-c ssl=on -c ssl_cert_file=/tmp/cert.pem -c ssl_key_file=/tmp/key.pem";
    await podman(
      ...["run", "--detach", "--name", `${NAME}-database`, "--network", `${NAME}:alias=database,alias=other`],
      ...["--volume", `${folder}:/tls:ro`, ...settings.flatMap((setting) => ["--env", setting])],
      ...["--entrypoint", "sh", await containers("base", "postgres:16"), "-c"],
      `install -o postgres -m 600 /tls/*.pem /tmp && exec postgres.sh postgres ${encrypted}`,
    );
    const isReady = () => podman("exec", `${NAME}-database`, "pg_isready", "-h", "127.0.0.1", "-U", "mlflow");
    while (!(await isReady().then(Boolean, () => false))) {
      const status = await podman("inspect", "--format", "{{.State.Status}}", `${NAME}-database`);
      assert.equal(status, "running", await logOf(`${NAME}-database`));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
  after(async () => {
    for (const container of ["mlflow", "database"]) await remove(`${NAME}-${container}`);
    await podman("volume", "rm", "--force", `${NAME}-mlflow-staging`);
    await podman("network", "rm", "--force", NAME);
  });

  /**
   * In place of `aws` and `docker`: the secret, and podman with names of this test, Docker's meaning of
   * `--read-only`, and without AWS's log driver.
   */
  async function writePrograms(): Promise<void> {
    const bin = join(folder, "bin");
    await mkdir(bin);
    const programs = {
      aws: `printf '%s' '${JSON.stringify({ password: PASSWORD })}'`,
      docker: `[ "$1 $2" = "image prune" ] && exit
left=$#
while [ $left -gt 0 ]; do
  word=$1; shift; left=$((left - 1))
  case $word in
    --log-driver | --log-opt) shift; left=$((left - 1)); continue ;;
    mlflow | mlflow-staging:*) word=${NAME}-$word ;;
  esac
  set -- "$@" "$word"
  [ "$word" = run ] && set -- "$@" --network ${NAME} --read-only-tmpfs=false
done
exec podman "$@"`,
    };
    for (const [name, script] of Object.entries(programs)) {
      await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    }
  }

  /** Builds the image and unpacks it as serve/aws/src/stacks/host.ts says. @returns the folder in place of /opt/histo */
  async function unpack(name: string, certificates?: string): Promise<string> {
    const [context, unpacked] = [join(folder, name, "context"), join(folder, name, "histo")];
    const isOurs = (path: string) => !path.endsWith(CERTIFICATES);
    await cp(join(projectRoot(), "serve", "ec2"), join(context, "serve", "ec2"), { recursive: true, filter: isOurs });
    if (certificates) await writeFile(join(context, "serve", "ec2", CERTIFICATES), certificates);
    const image = await containers("build", "tools", "--context", context, "--tag", `localhost/histo/tools:${name}`);
    const container = `${NAME}-${name}`;
    await podman("create", "--name", container, image, "none");
    await mkdir(unpacked);
    await podman("cp", `${container}:/histo/.`, unpacked);
    await podman("cp", `${container}:/docker-compose`, join(folder, name));
    await remove(container);
    const script = await readFile(join(unpacked, "start-mlflow.sh"), "utf8");
    await writeFile(join(unpacked, "start-mlflow.sh"), script.replaceAll("127.0.0.1:5000", `127.0.0.1:${port}`));
    const settings = [
      "AWS_REGION=eu-west-1",
      "HISTO_LOG_GROUP=g",
      "MLFLOW_DATABASE_SECRET=s",
      "MLFLOW_ARTIFACTS=s3://a",
    ];
    await writeFile(join(unpacked, "host.env"), [...settings, "MLFLOW_DATABASE_HOST=database", ""].join("\n"));
    return unpacked;
  }

  /** Starts MLflow with the script; ready when it ends. @returns whether each connection to the database is encrypted */
  async function start(unpacked: string): Promise<string[]> {
    const { PATH, ...env } = await podmanEnvironment();
    await promisify(execFile)("sh", [join(unpacked, "start-mlflow.sh"), mlflow], {
      env: { ...env, PATH: `${join(folder, "bin")}:${PATH}` },
    });
    const query = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL";
    const psql = ["psql", "-U", "mlflow", "-d", "mlflow", "-At", "-c", query];
    return (await podman("exec", `${NAME}-database`, ...psql)).split("\n");
  }

  test("with them, MLflow connects to the database of that certificate, and to no other", async () => {
    const unpacked = await unpack("with", own?.cert);
    const scripts = ["compose.aws.yaml", "compose.yaml", "deploy.sh", "model.sh", "start-mlflow.sh"];
    assert.deepEqual((await readdir(unpacked)).sort(), [...scripts, CERTIFICATES, "host.env"].sort());
    const encrypted = await start(unpacked);
    assert.ok(encrypted.length > 0 && encrypted.every((value) => value === "t"), String(encrypted));
    const write = ["sh", "-c", "touch staging/new && touch new"];
    await assert.rejects(podman("exec", `${NAME}-mlflow`, ...write), /'new': Read-only file system/);
    await writeFile(join(folder, "foreign.pem"), foreign?.cert ?? "");
    const connectWith = (certificates: string, host = "database") =>
      podman(
        ...["run", "--rm", "--network", NAME, "--env-file", join(unpacked, "mlflow.env")],
        ...["--volume", `${certificates}:/etc/mlflow/rds-ca.pem:ro`, mlflow, "python", "-c"],
        `import os, sqlalchemy as s; s.create_engine(os.environ['MLFLOW_BACKEND_STORE_URI'].replace('@database', '@${host}')).connect()`,
      );
    await connectWith(join(unpacked, CERTIFICATES));
    await assert.rejects(connectWith(join(folder, "foreign.pem")), /certificate verify failed/);
    await assert.rejects(connectWith(join(unpacked, CERTIFICATES), "other"), /does not match host name "other"/);
  });

  test("without them, the connection is encrypted only", async () => {
    const unpacked = await unpack("without");
    assert.ok(!(await readdir(unpacked)).includes(CERTIFICATES));
    const encrypted = await start(unpacked);
    assert.ok(encrypted.length > 0 && encrypted.every((value) => value === "t"), String(encrypted));
    assert.match(await readFile(join(unpacked, "mlflow.env"), "utf8"), /\?sslmode=require\n/);
  });
});
