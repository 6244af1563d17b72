/** @module A run of the reference network with random weights after a subspace projection. */
import { writeJson, writeSafetensors } from "../src/files/index";
import { Random } from "../src/random/index";
import { RunDirectory } from "../src/runs/index";

/** An MLP on the coordinates of a subspace. */
export interface ReferenceShape {
  /** Edge length of the images. */
  readonly size: number;
  /** Dimensions of the subspace. */
  readonly rank: number;
  readonly units: readonly number[];
}

/** 150528-2352-2352-294-1 on 256 dimensions. */
export const referenceShape: ReferenceShape = { size: 224, rank: 256, units: [2352, 2352, 294, 1] };

/** Weights generated at a time. */
const SLICE = 1 << 20;

/** Writes the files of a trained run: configuration, topology and weights. Their values do not affect speed and memory. */
export async function writeReferenceRun(path: string, { size, rank, units }: ReferenceShape): Promise<void> {
  const widths = [rank, ...units];
  const run = new RunDirectory(path);
  await writeJson(run.config, {
    name: "reference",
    classes: ["HP", "SSA"],
    preprocessing: { size, resize: "crop", mean: [0.738, 0.649, 0.775], std: [0.197, 0.244, 0.17] },
    architecture: [size * size * 3, ...units].join("-"),
    threshold: 0.5,
  });
  const input = { name: "flatten", batch_input_shape: [null, size, size, 3] };
  const dense = units.map((width, i) => ({
    class_name: "Dense",
    config: {
      name: `dense_${i + 1}`,
      units: width,
      activation: i < units.length - 1 ? "relu" : "linear",
      use_bias: true,
    },
  }));
  const projection = { class_name: "SubspaceProjection", config: { name: "projection", rank } };
  const layers = [{ class_name: "Flatten", config: input }, projection, ...dense];
  await writeJson(run.topology, { class_name: "Sequential", config: { name: "reference", layers } });
  await writeSafetensors(run.bestWeights, [
    tensor("projection/basis", size * size * 3, rank),
    ...units.flatMap((width, i) => [
      tensor(`dense_${i + 1}/kernel`, widths[i] as number, width),
      { name: `dense_${i + 1}/bias`, shape: [width], data: () => new Float32Array(width) },
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
