import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { histoHere, histoJsonHere } from "../support/histo";
import { temporaryDirectory } from "../support/temporary-directory";

interface Plan {
  readonly done: boolean;
  readonly steps: readonly { readonly title: string; readonly command: string }[];
  readonly monthlyTotal: number;
  readonly monthlyCost: Record<string, { total: number }>;
}

test("a dry run says every step as a command and what it costs a month, and does nothing", async (t) => {
  const model = await temporaryDirectory(t);
  await writeFile(join(model, "model.json"), "{}");
  const lambda = await histoJsonHere<Plan>("deploy", "lambda", "--model", model, "--dry-run");
  assert.equal(lambda.done, false);
  const commands = lambda.steps.map(({ command }) => command).join("\n");
  assert.match(commands, /cdk deploy histo-network histo-storage histo-alerts/);
  assert.match(commands, new RegExp(`docker buildx build .*--build-context model=${model} --platform linux/amd64`));
  assert.match(commands, /operate\.js release histo-predict/);
  const ec2 = await histoJsonHere<Plan>("deploy", "ec2", "--model", model, "--release", "v1", "--dry-run");
  const text = ec2.steps.map(({ command }) => command).join("\n");
  assert.match(text, /--target server --platform linux\/arm64/);
  assert.match(text, /operate\.js servers histo '?histo\/server@\{server\}'? '?histo\/tools@\{tools\}'? v1/);
  assert.ok(ec2.monthlyTotal > 52.92 && ec2.monthlyTotal > lambda.monthlyTotal, `${ec2.monthlyTotal}`);
  const sum = Object.values(ec2.monthlyCost).reduce((total, cost) => total + cost.total, 0);
  assert.ok(Math.abs(sum - ec2.monthlyTotal) < 1e-9);
});

test("the tracker's plan builds its image, starts it by its document, and says who hears of alarms", async () => {
  const { status, stdout, stderr } = await histoHere("deploy", "tracking", "--dry-run", "--json");
  assert.equal(status, 0, stderr);
  const plan = JSON.parse(stdout) as Plan;
  const commands = plan.steps.map(({ command }) => command);
  assert.equal(plan.done, false);
  assert.match(commands.join("\n"), /--file mlruns-config\/Dockerfile .* mlruns-config$/m);
  const order = ["cdk deploy histo-tracking", "operate.js wait histo histo-tracking", "operate.js mlflow histo"];
  const places = order.map((part) => commands.findIndex((command) => command.includes(part)));
  assert.ok(
    places.every((place, i) => place > (places[i - 1] ?? 0)),
    places.join(", "),
  );
  assert.ok((plan.monthlyCost.tracking?.total ?? 0) > 40);
  assert.match(stderr, /no alarmEmail: nobody is notified of alarms and the budget/);
});

test("nothing happens without a yes", async (t) => {
  const model = await temporaryDirectory(t);
  await writeFile(join(model, "model.json"), "{}");
  const { status, stderr } = await histoHere("deploy", "lambda", "--model", model);
  assert.equal(status, 2);
  assert.match(stderr, /Nothing was done: give --yes/);
});

test("bad input is one line with the option or file, and status 2", async (t) => {
  const folder = await temporaryDirectory(t);
  const cases: [string[], RegExp][] = [
    [["lambda"], /--model/],
    [["lambda", "--model", join(folder, "none"), "--dry-run"], /none.model\.json does not exist/],
    [["status", "--settings", join(folder, "none.json")], /none\.json does not exist/],
    [["destroy", "--part", "moon"], /--part/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await histoHere("deploy", ...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr.trimEnd().split("\n").at(-1) ?? "", message);
  }
});

test("a removal names what stays", async () => {
  const { status, stderr } = await histoHere("deploy", "destroy", "--dry-run");
  assert.equal(status, 0);
  assert.match(stderr, /Kept, to be deleted by hand: the model volume/);
  assert.ok(stderr.indexOf("histo-ec2") < stderr.indexOf("histo-storage"));
  assert.ok(stderr.indexOf("histo-storage") < stderr.lastIndexOf("histo-network"));
});

test("on a terminal Ctrl-C at the question stops, and Ctrl-D is a no", {
  skip: process.platform !== "linux",
}, async () => {
  const command = `'${process.execPath}' '${join(projectRoot(), "bin", "histo.cjs")}' deploy destroy --part lambda`;
  for (const [key, status, ends] of [
    ["\x03", 130, /histo: Stopped/],
    ["\x04", 0, /Nothing was done/],
  ] as const) {
    const terminal = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], { timeout: 60_000 });
    let shown = "";
    let isPressed = false;
    terminal.stdout.on("data", (text: Buffer) => {
      shown += text;
      if (isPressed || !shown.includes("[y/N]")) return;
      isPressed = true;
      terminal.stdin.write(key);
    });
    assert.deepEqual(await once(terminal, "close"), [status, null], shown);
    assert.match(shown, ends);
  }
});
