import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { describeContract } from "../serve/contract";
import {
  containers,
  missingForContainers,
  startEmulatedFunction,
  startFunctionContainer,
  startServerContainer,
} from "../support/containers";
import { writeModel } from "../support/served-model";

const missing = missingForContainers();
if (missing) {
  test("the images answer as the contract says", { skip: missing }, () => undefined);
} else {
  describe("the images, each read-only and as its user,", () => {
    let folder = "";
    after(() => rm(folder, { recursive: true, force: true }));

    const server = once(() => containers("build", "server", "--tag", "localhost/histo/server:test"));
    const lambda = once(async () => {
      folder = await mkdtemp(join(tmpdir(), "histo-test-"));
      const model = await writeModel(join(folder, "model"));
      return containers("build", "lambda", "--model", model, "--tag", "localhost/histo/lambda:test");
    });

    describeContract("the server's container", async (content) => startServerContainer(await server(), content));
    describeContract("Lambda's container behind the project's gateway", async (content) =>
      startFunctionContainer(await lambda(), content),
    );
    describeContract("Lambda's container under AWS's Runtime Interface Emulator", async (content) =>
      startEmulatedFunction(await lambda(), content),
    );
  });
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
