/** @module TLS and credentials as the usual variables give them. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Transport } from "../../../src/tracking/client/transport";
import { directWayClosed } from "../../../src/tracking/client/upload";
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

    test("certificates and trust are for the tracking server, not for an object store", async (context) => {
      const tls = selfSignedCertificate();
      if (!tls) return context.skip("openssl is not installed");
      const store = await new Gateway(mlflow().server.url, { tls }).open();
      context.after(() => store.close());
      const transport = new Transport({
        ...connectionSettings("http://127.0.0.1:1"),
        certificateAuthority: tls.cert,
        clientCertificate: tls.key + tls.cert,
        verifyTls: false,
        maxRetries: 0,
      });
      context.after(() => transport.close());
      const error: unknown = await transport.open({ method: "GET", path: `${store.url}/health` }).catch((e) => e);
      assert.equal((error as NodeJS.ErrnoException).code, "DEPTH_ZERO_SELF_SIGNED_CERT");
      assert.ok(directWayClosed(error), "uploads go through the tracking server then");
    });
  });
}
