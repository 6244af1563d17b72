import { join } from "node:path";
import { describe, test } from "node:test";
import { describeContract } from "../serve/contract";
import {
  containers,
  missingForContainers,
  startEmulatedFunction,
  startFunctionContainer,
  startServerContainer,
} from "../support/containers";
import { writeModel } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

const missing = missingForContainers();
if (missing) {
  test("the images answer as the contract says", { skip: missing }, () => undefined);
} else {
  describe("the images, each read-only and as its user,", () => {
    let folder = "";

    const server = once(() => containers("build", "server", "--tag", "localhost/histo/server:test"));
    const lambda = once(async () => {
      folder = sharedDirectory();
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
