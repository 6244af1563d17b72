/** @module Real tiles beside the project, for tests that want them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../src/files/index";

/** The folder of a set of real tiles (`pcam-mini`, `crc-tiles`); undefined where it is not there. */
export function sharedData(name: string): string | undefined {
  const folder = join(process.env.HISTO_SHARED_DATA ?? join(projectRoot(), "..", "shared", "data"), name);
  return existsSync(folder) ? folder : undefined;
}

/** For `test(name, { skip: withoutSharedData("pcam-mini") }, ...)`: why the test cannot run here, or false. */
export function withoutSharedData(name: string): string | false {
  return sharedData(name) === undefined && `the real tiles of ${name} are not beside the project (HISTO_SHARED_DATA)`;
}
