/** @module The MLFLOW_* variables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionSettings, DEFAULT_TRACKING_URI } from "../../../src/tracking/index";

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

test("address and credentials come from the usual variables", () => {
  assert.equal(connectionSettings(undefined, {}).trackingUri, DEFAULT_TRACKING_URI);
  const env = { MLFLOW_TRACKING_URI: "https://mlflow.example.com/prefix/" };
  assert.equal(connectionSettings(undefined, env).trackingUri, "https://mlflow.example.com/prefix");
  assert.equal(connectionSettings("http://other:1", env).trackingUri, "http://other:1");
  assert.equal(connectionSettings(undefined, { ...env, MLFLOW_TRACKING_TOKEN: "t" }).authorization, "Bearer t");
  const user = { MLFLOW_TRACKING_USERNAME: "ann", MLFLOW_TRACKING_PASSWORD: "pä:ss", MLFLOW_TRACKING_TOKEN: "t" };
  assert.equal(connectionSettings(undefined, { ...env, ...user }).authorization, basic("ann:pä:ss"));
  const inUri = connectionSettings("http://bob:p%40ss@host:5000", user);
  assert.deepEqual([inUri.trackingUri, inUri.authorization], ["http://host:5000", basic("bob:p@ss")]);
});

test("settings that cannot be used are refused by name, without their password", () => {
  assert.throws(() => connectionSettings("sqlite:///mlflow.db", {}), {
    code: "TRACKING_URI_UNSUPPORTED",
    exitStatus: 2,
  });
  assert.throws(
    () => connectionSettings("postgresql://user:secret@host/db", {}),
    (error: Error) => {
      return !error.message.includes("secret") && error.message.includes("host/db");
    },
  );
  assert.throws(
    () => connectionSettings("http://bob:50%secret@host", {}),
    (error: Error) => /write % as %25/.test(error.message) && !error.message.includes("secret"),
  );
  assert.throws(
    () => connectionSettings(undefined, { MLFLOW_HTTP_REQUEST_TIMEOUT: "soon" }),
    /MLFLOW_HTTP_REQUEST_TIMEOUT/,
  );
  assert.throws(() => connectionSettings(undefined, { MLFLOW_TRACKING_SERVER_CERT_PATH: "/none" }), /cannot be read/);
});
