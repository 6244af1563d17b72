/** @module `npm run lab`: JupyterLab starts with this project's kernel, runs a cell, and writes nothing to the home. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { freePort } from "../../src/tracking/index";
import { pythonPath, withoutPython } from "../support/python";
import { sharedDirectory } from "../support/temporary-directory";

/** Starts a kernel on a Jupyter server and prints the messages that one cell brings, as JSON. */
const RUN_CELL = `
import json, sys, urllib.request, uuid, websocket
base, token, code = sys.argv[1:]
request = urllib.request.Request(f"{base}api/kernels?token={token}", b'{"name": "histo"}', {"Content-Type": "application/json"})
kernel = json.load(urllib.request.urlopen(request))["id"]
socket = websocket.create_connection(f"{base.replace('http', 'ws')}api/kernels/{kernel}/channels?token={token}", timeout=60)
header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "username": "", "session": "test", "version": "5.3"}
content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
socket.send(json.dumps({"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}))
seen = []
while True:
    message = json.loads(socket.recv())
    if message["parent_header"].get("msg_id") != header["msg_id"]:
        continue
    seen.append([message["msg_type"], message["content"]])
    if message["msg_type"] == "execute_reply":
        break
print(json.dumps(seen))
`;

test("npm run lab", { skip: withoutPython() }, async (t) => {
  const home = sharedDirectory();
  const port = await freePort();
  const lab = spawn(process.execPath, [join(projectRoot(), "scripts", "lab.mjs"), "--port", String(port)], {
    env: { ...process.env, HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<number | null>((resolve) => lab.once("exit", resolve));
  try {
    const { base, token } = await address(lab);

    await t.test("prints an address where the kernel is the default one", async () => {
      const response = await fetch(`${base}api/kernelspecs?token=${token}`);
      const { default: standard, kernelspecs } = (await response.json()) as Kernelspecs;
      assert.equal(standard, "histo");
      assert.equal(kernelspecs.histo?.spec.display_name, "TypeScript (histo)");
    });

    await t.test("runs a cell", () => {
      const code = "const answer: number = 42;\nconsole.log(answer);";
      const python = pythonPath() as string;
      const { stdout, stderr } = spawnSync(python, ["-c", RUN_CELL, base, token, code], { encoding: "utf8" });
      assert.notEqual(stdout, "", stderr);
      const messages = JSON.parse(stdout) as [type: string, content: Record<string, unknown>][];
      const content = (wanted: string) => messages.find(([type]) => type === wanted)?.[1];
      assert.equal(content("execute_input")?.execution_count, 1);
      assert.deepEqual(content("stream"), { name: "stdout", text: "42\n" });
      assert.equal(content("execute_reply")?.status, "ok");
    });
  } finally {
    lab.kill("SIGINT");
  }
  assert.equal(await exited, 0);
  assert.deepEqual(await readdir(home), [], "the home is as it was");
});

interface Kernelspecs {
  readonly default: string;
  readonly kernelspecs: Readonly<Record<string, { readonly spec: { readonly display_name: string } }>>;
}

/** The address that the script prints. */
async function address(lab: ChildProcess): Promise<{ base: string; token: string }> {
  let output = "";
  for await (const text of lab.stdout?.setEncoding("utf8") ?? []) {
    output += text;
    const found = /JupyterLab: (http:\S+?)lab\/tree\/notebooks\?token=(\w+)/.exec(output);
    if (found) return { base: found[1] as string, token: found[2] as string };
  }
  throw new Error(`JupyterLab ended: ${output}`);
}
