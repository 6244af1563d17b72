/** @module Moves the function to an image: publishes a version, tests it, moves the alias, and moves it back if that fails. */
import {
  GetAliasCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionUpdatedV2,
  waitUntilPublishedVersionActive,
} from "@aws-sdk/client-lambda";

const ALIAS = "live";
const MAX_WAIT = { maxWaitTime: 300 };

/** A request of `GET /readyz` as the HTTP API sends it. */
const READY_EVENT = {
  version: "2.0",
  rawPath: "/readyz",
  rawQueryString: "",
  headers: {},
  requestContext: { http: { method: "GET", path: "/readyz" } },
  isBase64Encoded: false,
};

/**
 * Publishes the function's code and configuration as a version (Lambda makes no new one where nothing changed), tests it, and
 * moves the alias. Resolves to the live version.
 */
export async function releaseFunction(functionName: string, imageUri: string): Promise<string> {
  const client = new LambdaClient();
  const { FunctionVersion: before = "" } = await client.send(
    new GetAliasCommand({ FunctionName: functionName, Name: ALIAS }),
  );
  const { Code } = await client.send(new GetFunctionCommand({ FunctionName: functionName }));
  if (Code?.ImageUri !== imageUri && Code?.ResolvedImageUri !== imageUri) {
    await client.send(new UpdateFunctionCodeCommand({ FunctionName: functionName, ImageUri: imageUri }));
  }
  await waitUntilFunctionUpdatedV2({ client, ...MAX_WAIT }, { FunctionName: functionName });
  const { Version: version = "" } = await client.send(new PublishVersionCommand({ FunctionName: functionName }));
  await waitUntilPublishedVersionActive({ client, ...MAX_WAIT }, { FunctionName: functionName, Qualifier: version });
  await checkReady(client, functionName, version);
  if (version === before) return version;
  const move = (target: string) =>
    client.send(new UpdateAliasCommand({ FunctionName: functionName, Name: ALIAS, FunctionVersion: target }));
  await move(version);
  try {
    await checkReady(client, functionName, ALIAS);
  } catch (error) {
    await move(before);
    throw new Error(`Rolled back to version ${before}: ${error instanceof Error ? error.message : error}`);
  }
  return version;
}

async function checkReady(client: LambdaClient, functionName: string, qualifier: string): Promise<void> {
  const { FunctionError, Payload } = await client.send(
    new InvokeCommand({ FunctionName: functionName, Qualifier: qualifier, Payload: JSON.stringify(READY_EVENT) }),
  );
  const answer = Buffer.from(Payload ?? []).toString();
  const { statusCode } = JSON.parse(answer || "{}") as { statusCode?: number };
  if (FunctionError || statusCode !== 200) {
    throw new Error(`${functionName}:${qualifier} is not ready: ${answer.slice(0, 500)}`);
  }
}
