// Test output: one line per file, failures and skips in full, and `N passed, N failed, N skipped` as the last line. A file is
// a suite whose name is its path (see test-group.cjs); its event follows those of its tests.
import { relative } from "node:path";
import { inspect } from "node:util";

export default async function* report(events) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  let ofFile = { ...total };
  for await (const { type, data } of events) {
    if (type === "test:stdout" || type === "test:stderr") yield data.message;
    if (type !== "test:pass" && type !== "test:fail") continue;
    const outcome = outcomeOf(type, data);
    if (outcome) {
      total[outcome]++;
      ofFile[outcome]++;
    }
    if (outcome === "failed") yield describeFailure(data);
    if (outcome === "skipped")
      yield `  skipped: ${data.name}${typeof data.skip === "string" ? ` (${data.skip})` : ""}\n`;
    if (!isFile(data)) continue;
    yield line(data, ofFile);
    ofFile = { passed: 0, failed: 0, skipped: 0 };
  }
  yield `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`;
}

/** Suites, files and tests with failed subtests are counted by what they contain, unless they fail themselves. */
function outcomeOf(type, data) {
  if (data.skip !== undefined && data.skip !== false) return "skipped";
  if (data.details?.error?.failureType === "subtestsFailed") return undefined;
  if (type === "test:fail") return "failed";
  return data.details?.type === "suite" || isProcess(data) ? undefined : "passed";
}

const isFile = ({ name, nesting }) => nesting === 0 && name.endsWith(".test.ts");
/** Node reports a process as a test if it ends before its first test or with an error. */
const isProcess = ({ name, nesting }) => nesting === 0 && name.endsWith(".group.cjs");

function line({ name, details }, { passed, failed, skipped }) {
  const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(Boolean);
  return `${failed ? "FAIL" : "ok  "} ${name}: ${counts.join(", ")} (${(details.duration_ms / 1000).toFixed(1)} s)\n`;
}

function describeFailure({ name, file, line: at, details }) {
  const place = relative(process.cwd(), file ?? "").replace(/^dist\//, "");
  return `  FAILED: ${name} (${place}:${at ?? 0})\n${inspect(details?.error?.cause ?? details?.error)}\n`;
}
