/** @module The HTTP contract as tests, run against every way in: the Express server and the Lambda function. */
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { writeModel, writeTiles } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";
import { batchCases } from "./contract/batches";
import { type Content, ContractClient, type Deployment } from "./contract/client";
import { descriptionCases } from "./contract/descriptions";
import { largeImageCases } from "./contract/large-images";
import { openInferenceCases } from "./contract/open-inference";
import { predictionCases } from "./contract/predictions";
import { refusalCases } from "./contract/refusals";

/** Defines the suite for one kind of deployment. */
export function describeContract(kind: string, start: (content: Content) => Promise<Deployment>): void {
  describe(`the HTTP contract, ${kind}`, () => {
    const client = new ContractClient(start);
    let directory: string;

    before(async () => {
      directory = sharedDirectory();
      const models = [
        await writeModel(join(directory, "mlp")),
        await writeModel(join(directory, "wide"), { name: "wide", hidden: [40], threshold: 0.9, seed: 2, drawn: true }),
      ];
      await client.open({ models, images: await writeTiles(join(directory, "tiles")) });
    });
    after(async () => {
      await client.close();
    });

    predictionCases(client);
    largeImageCases(client);
    batchCases(client);
    refusalCases(client);
    descriptionCases(client);
    openInferenceCases(client);
  });
}
