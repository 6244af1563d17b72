/** @module Every room of src can be imported from a cell, whose compiler is older than the project's. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { runNotebook } from "../../src/notebook/index";
import { notebookOf, printedBy } from "../support/notebook";

const source = join(projectRoot(), "src");
const rooms = readdirSync(source).filter((name) => existsSync(join(source, name, "index.ts")));

test(`cells can import ${rooms.join(", ")}`, async () => {
  assert.ok(rooms.length > 5);
  const cells = rooms.map(
    (room, i) => `import * as room${i} from "./src/${room}/index";\nconsole.log(Object.keys(room${i}).length > 0);`,
  );
  const { notebook, failure } = await runNotebook(notebookOf(...cells));
  assert.equal(failure, undefined, `${rooms[(failure?.cell ?? 1) - 1]}: ${failure?.traceback.join("\n")}`);
  assert.deepEqual(
    printedBy(notebook),
    rooms.map(() => "true\n"),
  );
});
