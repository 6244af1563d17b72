import assert from "node:assert/strict";
import { cp, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { containers, freePort, missingForContainers, podman, startFunctionContainer } from "../support/containers";
import { tile, writeModel } from "../support/served-model";
import { sharedDirectory } from "../support/temporary-directory";

const PROJECT = `histo-test-ec2-${process.pid}`;
const CLIENTS = 4;
const missing = missingForContainers();

interface Answer {
  readonly logit: number;
  readonly model_sha256: string;
}

// serve/ec2/compose.yaml as its first lines say; only the project's name is another.
describe("the server's compose file with models on a shared volume", { skip: missing ?? false }, () => {
  let folder = "";
  let file = "";
  let url = "";
  let image: Uint8Array<ArrayBuffer>;
  const server = `${PROJECT}_server_1`;

  before(async () => {
    folder = sharedDirectory();
    for (const [seed, name] of ["first", "second"].entries()) {
      const made = await writeModel(join(folder, "made", name), { seed: seed + 1 });
      await cp(made, join(folder, "models", "releases", name), { recursive: true });
    }
    await makeCurrent("first");
    image = new Uint8Array(await tile(4));
    file = join(folder, "compose.yaml");
    const text = await readFile(join(projectRoot(), "serve", "ec2", "compose.yaml"), "utf8");
    await writeFile(file, text.replace("name: histo", `name: ${PROJECT}`));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const tag = await containers("build", "server", "--tag", "localhost/histo/server:test");
    const settings = { HISTO_MODELS: join(folder, "models"), HISTO_PORT: port, HISTO_SERVER_IMAGE: tag };
    await writeFile(
      join(folder, ".env"),
      Object.entries(settings)
        .map((pair) => `${pair.join("=")}\n`)
        .join(""),
    );
    const started = performance.now();
    await containers("compose", file, "up");
    console.log(`  the server's stack: healthy after ${seconds(started)} s`);
  });
  after(async () => {
    if (file) await containers("compose", file, "down").catch((error) => console.error(String(error)));
  });

  /** As serve/ec2/model.sh does it. */
  async function makeCurrent(name: string): Promise<void> {
    const volume = join(folder, "models");
    await mkdir(volume, { recursive: true });
    await symlink(`releases/${name}`, join(volume, "current.new"));
    await rename(join(volume, "current.new"), join(volume, "current"));
  }

  const predict = async (base = url): Promise<Answer> => {
    const response = await fetch(`${base}/predict`, {
      method: "POST",
      headers: { "content-type": "image/png" },
      body: image,
    });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Answer;
  };

  /** Asks without a break until `stop`; counts failures and the models that answered. */
  function startLoad() {
    const counts = { answered: 0, failed: 0, models: new Set<string>() };
    let stopped = false;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!stopped) {
        await predict().then(
          ({ model_sha256 }) => {
            counts.answered++;
            counts.models.add(model_sha256);
          },
          () => {
            counts.failed++;
          },
        );
      }
    });
    return {
      counts,
      async stop() {
        stopped = true;
        await Promise.all(clients);
        return counts;
      },
    };
  }

  async function until(condition: () => Promise<boolean>, limitSeconds: number): Promise<number> {
    const started = performance.now();
    while (!(await condition())) {
      assert.ok(performance.now() - started < 1000 * limitSeconds, `not within ${limitSeconds} s`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return (performance.now() - started) / 1000;
  }

  test("a new model is rolled out under load and rolled back with no failed request", async () => {
    const first = await predict();
    const load = startLoad();
    for (const [name, wanted] of [
      ["second", (sha: string) => sha !== first.model_sha256],
      ["first", (sha: string) => sha === first.model_sha256],
    ] as const) {
      await makeCurrent(name);
      await podman("kill", "--signal", "HUP", server);
      const took = await until(async () => wanted((await predict()).model_sha256), 60);
      console.log(`  ${name} model answers after ${took.toFixed(1)} s under load`);
    }
    const { answered, failed, models } = await load.stop();
    assert.equal(failed, 0);
    assert.equal(models.size, 2);
    assert.ok(answered > 20, `${answered} answers`);
    assert.deepEqual((await predict()).logit, first.logit);
  });

  test("the function's container answers the same from the same volume", async () => {
    // Readable for the image's user, as a mounted volume is.
    const empty = join(folder, "empty");
    await mkdir(empty);
    const tag = await containers("build", "lambda", "--model", empty, "--tag", "localhost/histo/lambda:volume");
    const lambda = await startFunctionContainer(tag, {
      models: [join(folder, "models", "releases", "first")],
      images: empty,
    });
    try {
      const [one, other] = [await predict(), await predict(lambda.url)];
      assert.equal(one.model_sha256, other.model_sha256);
      assert.ok(Math.abs(one.logit - other.logit) < 1e-6);
    } finally {
      await lambda.close();
    }
  });

  test("kill -9 of the server under load: it comes back by itself", async () => {
    const before = await predict();
    const load = startLoad();
    process.kill(Number(await podman("inspect", "--format", "{{.State.Pid}}", server)), "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const took = await until(
      async () =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      120,
    );
    console.log(`  kill -9 of the server: ready again after ${(took + 0.3).toFixed(1)} s`);
    await load.stop();
    assert.equal((await predict()).logit, before.logit);
  });
});

const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);
