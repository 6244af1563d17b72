/**
 * @module One AWS operation per call, for `histo deploy`: `node operate.js VERB ARGUMENT...`. The result goes to standard
 * output; credentials and region come from the environment as for every AWS tool.
 */
import { readFileSync } from "node:fs";
import { messageOf } from "../../../src/errors/index";
import { moveServers, runDocument, waitForMachines } from "./operations/hosts";
import { account, checkScan, putParameter, signIn, uploadModel } from "./operations/images";
import { releaseFunction } from "./operations/release";
import { deploymentStatus, logGroupOf, logLines, stacksOf } from "./operations/status";

const verbs: Record<string, (...args: string[]) => Promise<unknown>> = {
  account,
  "sign-in": async (registry = "") => signIn(registry),
  /** Digest in the metadata file of `docker buildx build`. */
  digest: async (file = "") => JSON.parse(readFileSync(file, "utf8"))["containerimage.digest"],
  scan: async (repository = "", digest = "") => checkScan(repository, digest),
  put: async (name = "", value = "") => putParameter(name, value),
  "put-first": async (name = "", value = "") => putParameter(name, value, { replace: false }),
  output: async (name = "", stack = "", key = "") => (await stacksOf(name))[stack]?.outputs[key],
  upload: async (directory = "", bucket = "", prefix = "") => void (await uploadModel(directory, bucket, prefix)),
  release: async (functionName = "", image = "") => releaseFunction(functionName, image),
  /** The output's machines, separated by commas. */
  wait: async (name = "", stack = "", key = "") => {
    const ids = (await stacksOf(name))[stack]?.outputs[key]?.split(",") ?? [];
    if (ids.length === 0)
      throw new Error(`The stack ${stack} has no output ${key} with a machine; see histo deploy status.`);
    return waitForMachines(ids);
  },
  servers: async (name = "", image = "", tools = "", model = "") => moveServers(name, { image, tools }, model),
  mlflow: async (name = "", image = "", tools = "") => runDocument(name, "mlflow", { image, tools }),
  status: async (name = "") => JSON.stringify(await deploymentStatus(name)),
  logs: async (name = "", part = "", minutes = "60", follow = "") => {
    const group = logGroupOf(name, part as "lambda" | "ec2" | "tracking");
    for await (const line of logLines(group, { minutes: Number(minutes), follow: follow === "follow" })) {
      process.stdout.write(`${line}\n`);
    }
  },
};

async function main([verb = "", ...args]: readonly string[]): Promise<void> {
  const operation = verbs[verb];
  if (!operation) throw new Error(`Unknown operation ${verb}. Operations: ${Object.keys(verbs).join(", ")}.`);
  const result = await operation(...args);
  if (result !== undefined) process.stdout.write(`${result}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
