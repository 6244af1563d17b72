/** @module The Lambda function behind a stand-in for API Gateway and the Runtime API. */
import { LocalLambda } from "../../src/deployment/index";

/** Starts the function's main program with the given settings in its environment. */
export function startLambda(environment: Readonly<Record<string, string>>): Promise<LocalLambda> {
  return LocalLambda.start({ environment });
}
