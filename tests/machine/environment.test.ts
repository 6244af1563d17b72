import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentWithoutSecrets } from "../../src/machine/index";

test("processes that read untrusted files get no keys, and no addresses with a password", () => {
  Object.assign(process.env, {
    SERVICE_API_KEYS: "a",
    REDIS_URL: "rediss://:secret@redis.example:6379",
    MLFLOW_TRACKING_URI: "https://me:secret@mlflow.example",
    PLAIN_URL: "http://[::1]:8080/a:b@c",
    HISTO_SETTING: "1",
  });
  const { SERVICE_API_KEYS, REDIS_URL, MLFLOW_TRACKING_URI, PLAIN_URL, HISTO_SETTING } = environmentWithoutSecrets();
  assert.deepEqual([SERVICE_API_KEYS, REDIS_URL, MLFLOW_TRACKING_URI], [undefined, undefined, undefined]);
  assert.deepEqual([PLAIN_URL, HISTO_SETTING], ["http://[::1]:8080/a:b@c", "1"]);
});
