/** @module The server configurations agree with each other and with what they name. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { projectRoot } from "../../src/files/index";
import { readEnvFile } from "../support/env-file";

const folder = join(projectRoot(), "mlruns-config");
const secrets = { POSTGRES_PASSWORD: "p", OBJECTS_USER: "u", OBJECTS_PASSWORD: "o" };
const files = {
  local: readEnvFile(join(folder, "local", "mlflow.env")),
  compose: readEnvFile(join(folder, "compose", "mlflow.env"), secrets),
  ec2: readEnvFile(join(folder, "ec2", "mlflow.env.example")),
};

interface Service {
  image?: string;
  build?: unknown;
  healthcheck?: unknown;
  restart?: string;
  ports?: string[];
}

test("every server runs without job execution, with proxied artifacts and a driver that is installed", () => {
  for (const [name, env] of Object.entries(files)) {
    assert.equal(env.MLFLOW_SERVER_ENABLE_JOB_EXECUTION, "false", name);
    assert.equal(env.MLFLOW_SERVE_ARTIFACTS, "true", name);
    assert.match(env.MLFLOW_BACKEND_STORE_URI ?? "", /^(sqlite:\/\/\/|postgresql\+psycopg2:\/\/)/, name);
  }
  assert.match(files.ec2.MLFLOW_BACKEND_STORE_URI ?? "", /sslmode=verify-full/);
  assert.equal(files.ec2.MLFLOW_HOST, "127.0.0.1");
});

test("compose: pinned images, health checks, names that exist, nothing open to the network", () => {
  const { services } = parse(readFileSync(join(folder, "compose", "compose.yaml"), "utf8")) as {
    services: Record<string, Service>;
  };
  for (const [name, service] of Object.entries(services)) {
    assert.ok(service.build || /:[^:]*\d/.test(service.image ?? ""), `${name} has a version`);
    assert.ok(service.healthcheck || service.restart === "no", `${name} has a health check`);
    for (const port of service.ports ?? []) assert.match(port, /^127\.0\.0\.1:/);
  }
  const { hostname } = new URL((files.compose.MLFLOW_BACKEND_STORE_URI ?? "").replace("postgresql+psycopg2", "http"));
  assert.ok(services[hostname]);
  assert.ok(services[new URL(files.compose.MLFLOW_S3_ENDPOINT_URL ?? "").hostname]);
});

test("the image has the versions that the tests run with", () => {
  const image = readFileSync(join(folder, "Dockerfile"), "utf8");
  const locked = readFileSync(join(projectRoot(), "requirements.txt"), "utf8");
  for (const name of ["mlflow", "psycopg2-binary", "boto3"]) {
    const version = new RegExp(`^${name}==([\\w.]+)`, "m").exec(locked)?.[1];
    assert.match(image, new RegExp(`"${name}(\\[auth\\])?==${version?.replaceAll(".", "\\.")}"`), name);
  }
});
