/** @module Pictures of a principal subspace: its directions as images, and tiles reconstructed from a few of them. */
import { meanImage } from "../../dataset/index";
import { type GivenTrainingOptions, resolveTrainingOptions } from "../../options/index";
import { type Progress, silentProgress } from "../../progress/index";
import { openTrainingData, type TrainingData } from "../data";
import { cachedBasis } from "./basis-cache";

/** Tiles in memory; at 224 pixels they take 39 MB. */
const MOST_TILES = 256;

/** The subspace of a run's options, from the cache or computed. @throws {InputError} for unusable options or data */
export async function subspacePictures(given: GivenTrainingOptions, progress: Progress = silentProgress) {
  const options = resolveTrainingOptions({ ...given, stem: "subspace" });
  const data = await openTrainingData(options, { progress });
  try {
    const basis = await cachedBasis(data, options, { progress });
    const { directions, size } = basis;
    const training = data.dataset.tiles.filter(({ partition }) => partition === "train");
    const names = training.slice(0, MOST_TILES).map(({ name }) => name);
    const bytes = new Map(names.map((name) => [name, read(data, name)]));
    const middle = meanImage(data.store, data.positions.train);
    const pixels = size * size * 3;
    const { std } = data.preprocessing;
    const deviation = (i: number) => 255 * (std[i % 3] as number);
    const tile = (name: string) => bytes.get(name) as Uint8Array;
    return {
      basis,
      /** Names of the first 256 training tiles. */
      tiles: names,
      /** One of the `tiles` as RGB bytes. */
      tile,
      /** Direction `index` around middle gray, RGB bytes [size * size * 3]; its largest deviation is black or white. */
      direction(index: number): Uint8Array {
        const values = Float32Array.from({ length: pixels }, (_, i) => directions[i * basis.rank + index] as number);
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        return Uint8Array.from(values, (value) => Math.round(127.5 + (127.5 * value) / largest));
      },
      /** One of the `tiles`, reconstructed from the first `rank` directions, as RGB bytes. */
      reconstruction(name: string, rank: number): Uint8Array {
        const own = tile(name);
        const apart = Float64Array.from(own, (value, i) => (value - (middle[i] as number)) / deviation(i));
        const picture = Float64Array.from(middle);
        for (let r = 0; r < rank; r++) {
          let coordinate = 0;
          for (let i = 0; i < pixels; i++)
            coordinate += (apart[i] as number) * (directions[i * basis.rank + r] as number);
          for (let i = 0; i < pixels; i++) {
            picture[i] =
              (picture[i] as number) + coordinate * (directions[i * basis.rank + r] as number) * deviation(i);
          }
        }
        return Uint8Array.from(picture, (value) => Math.min(255, Math.max(0, Math.round(value))));
      },
    };
  } finally {
    data.close();
  }
}

function read({ store }: TrainingData, name: string): Uint8Array {
  const pixels = new Uint8Array(store.bytesPerImage);
  store.read([store.positionOf(name)], pixels);
  return pixels;
}
