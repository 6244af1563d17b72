/** Commands that fail at once, or need nothing, load little: measured in processor time, which other programs leave alone. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { temporaryDirectory } from "../support/temporary-directory";

/** Nobody listens at this port. */
const NOBODY = "127.0.0.1:9";

/** What is typed after `histo`, and what is said then. */
const COMMANDS: readonly (readonly [line: string, said: RegExp])[] = [
  ["--help", /Commands:/],
  ["train --help", /--epochs/],
  ["train --data /absent", /folder \/absent does not exist/],
  ["search --data /absent --space /absent", /\/absent does not exist/],
  ["compare --data /absent", /\/absent does not exist/],
  ["lr-range --data /absent", /\/absent does not exist/],
  ["start --data /absent", /\/absent does not exist/],
  ["eda --data /absent", /\/absent does not exist/],
  ["data pack --data /absent", /\/absent does not exist/],
  ["evaluate --run /absent", /\/absent does not exist/],
  ["export --run /absent --out /absent/model", /no config\.json/],
  ["metrics --predictions /absent", /\/absent does not exist/],
  ["predict --model /absent --images x.png", /model \/absent does not exist/],
  ["explain --model /absent --images x.png --out /absent/maps", /model \/absent does not exist/],
  ["slide absent.svs --model /absent --out /absent/maps", /does not exist/],
  ["card /absent", /model \/absent does not exist/],
  ["serve --model /absent", /model \/absent does not exist/],
  ["notebook run absent.ipynb", /does not exist/],
  ["backbone list", /efficientnet/],
  [`worker --redis redis://${NOBODY}`, /does not answer/],
  [`worker --slides --redis redis://${NOBODY}`, /does not answer/],
  [`runs --tracking-uri http://${NOBODY}`, /No MLflow server answers/],
  ["deploy status", /no AWS credentials/],
  ["deploy logs --part ec2", /no AWS credentials/],
  ["options", /\| name \| flag/],
  ["completion bash", /complete/],
];

/** Seconds of one processor: 0.1 to 0.5 on the machines at hand; TensorFlow or AWS's packages alone would take more than the rest. */
const MOST_SECONDS = 0.9;
/** A busy machine, whose caches others fill, needs more processor time now and then. */
const TRIES = 12;

test("every command that fails at once or needs nothing takes under a second of processor time", async (context) => {
  const home = await temporaryDirectory(context);
  const hook = join(home, "processor-time.cjs");
  await writeFile(
    hook,
    'process.on("exit", () => require("node:fs").writeSync(3, JSON.stringify(process.cpuUsage())));\n',
  );
  const inherited = Object.entries(process.env).filter(([name]) => !/^AWS_|^REDIS_|^NODE_OPTIONS$/.test(name));
  const environment = { ...Object.fromEntries(inherited), HOME: home, AWS_EC2_METADATA_DISABLED: "true" };
  for (const [line, said] of COMMANDS) {
    let seconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TRIES && seconds >= MOST_SECONDS; i++) {
      const { text, user, system } = await run(hook, line.split(" "), environment);
      assert.match(text, said, `histo ${line}`);
      seconds = Math.min(seconds, (user + system) / 1e6);
    }
    assert.ok(seconds < MOST_SECONDS, `histo ${line} took ${seconds.toFixed(2)} s of processor time`);
  }
});

function run(hook: string, words: readonly string[], env: NodeJS.ProcessEnv) {
  const program = join(projectRoot(), "bin", "histo.cjs");
  const child = spawn(process.execPath, ["--require", hook, program, ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const texts = ["", "", "", ""];
  for (const place of [1, 2, 3] as const) {
    child.stdio[place]?.on("data", (part: Buffer) => {
      texts[place] += part.toString();
    });
  }
  return new Promise<{ text: string; user: number; system: number }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve({ text: `${texts[1]}${texts[2]}`, ...JSON.parse(texts[3] || "{}") }));
  });
}
