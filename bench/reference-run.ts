/** @module A run of the reference network 150528-2352-2352-294-1 with random weights behind a subspace of 256 dimensions. */
import { writeJson, writeSafetensors } from "../src/files/index";
import { Random } from "../src/random/index";
import { RunDirectory } from "../src/training/run-directory";

const SIZE = 224;
const RANK = 256;
const UNITS = [RANK, 2352, 2352, 294, 1];
/** Weights drawn at a time. */
const SLICE = 1 << 20;

/** Writes what training leaves behind: configuration, topology and weights. Speed and memory do not depend on their values. */
export async function writeReferenceRun(path: string): Promise<void> {
  const run = new RunDirectory(path);
  await writeJson(run.config, {
    name: "reference",
    classes: ["HP", "SSA"],
    preprocessing: { size: SIZE, resize: "crop", mean: [0.738, 0.649, 0.775], std: [0.197, 0.244, 0.17] },
    architecture: "150528-2352-2352-294-1",
    threshold: 0.5,
  });
  const input = { name: "flatten", batch_input_shape: [null, SIZE, SIZE, 3] };
  const dense = UNITS.slice(1).map((units, i) => ({
    class_name: "Dense",
    config: { name: `dense_${i + 1}`, units, activation: i < 3 ? "relu" : "linear", use_bias: true },
  }));
  const projection = { class_name: "SubspaceProjection", config: { name: "projection", rank: RANK } };
  const layers = [{ class_name: "Flatten", config: input }, projection, ...dense];
  await writeJson(run.topology, { class_name: "Sequential", config: { name: "reference", layers } });
  await writeSafetensors(run.bestWeights, [
    tensor("projection/basis", SIZE * SIZE * 3, RANK),
    ...UNITS.slice(1).flatMap((units, i) => [
      tensor(`dense_${i + 1}/kernel`, UNITS[i] as number, units),
      { name: `dense_${i + 1}/bias`, shape: [units], data: () => new Float32Array(units) },
    ]),
  ]);
}

function tensor(name: string, rows: number, columns: number) {
  return {
    name,
    shape: [rows, columns],
    *data() {
      const random = new Random(1, name);
      const bound = Math.sqrt(6 / rows);
      for (let left = rows * columns; left > 0; left -= SLICE) {
        yield Float32Array.from({ length: Math.min(SLICE, left) }, () => random.uniform(-bound, bound));
      }
    },
  };
}
