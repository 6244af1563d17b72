/** @module TLS and credentials as the usual variables give them. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connectionSettings, Mlflow } from "../../../src/tracking/index";
import { Gateway, selfSignedCertificate } from "../../support/gateway";
import type { MlflowFixture } from "../../support/mlflow";
import { temporaryDirectory } from "../../support/temporary-directory";

export function transportCases(mlflow: () => MlflowFixture): void {
  describe("transport", () => {
    test("a token and a certificate of one's own", async (context) => {
      const tls = selfSignedCertificate();
      if (!tls) return context.skip("openssl is not installed");
      const directory = await temporaryDirectory(context);
      const path = join(directory, "ca.pem");
      await writeFile(path, tls.cert);
      const gateway = await new Gateway(mlflow().server.url, { tls, authorization: "Bearer t0ken" }).open();
      context.after(() => gateway.close());
      const client = (env: Record<string, string>) =>
        new Mlflow({
          ...connectionSettings(undefined, { MLFLOW_TRACKING_URI: gateway.url, ...env }),
          maxRetries: 0,
        });
      const token = { MLFLOW_TRACKING_TOKEN: "t0ken" };
      const trusted = { MLFLOW_TRACKING_SERVER_CERT_PATH: path };
      await client({ ...token, ...trusted }).searchExperiment();
      await client({ ...token, MLFLOW_TRACKING_INSECURE_TLS: "true" }).searchExperiment();
      await assert.rejects(client(token).searchExperiment(), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
      await assert.rejects(client(trusted).searchExperiment(), { statusCode: 401 });
    });
  });
}
