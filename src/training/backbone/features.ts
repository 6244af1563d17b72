/** @module The input of a head, view by view: features of one or several backbones, and perhaps of colour. */
import type { Backbone } from "../../backbones/index";
import type { Partition } from "../../dataset/index";
import type { ColourMeasures } from "../colour-measures";
import type { TrainingData } from "../data";
import { type FeatureScaling, fitScaling, meanOf, rowsAt, scaled, sideBySide } from "../rows";
import type { Embeddings } from "./embeddings";

/** A backbone, its embeddings and their scaling. */
export interface BackboneFeatures {
  readonly backbone: Backbone;
  readonly embeddings: Embeddings;
  readonly scaling: FeatureScaling;
}

/** Fits the scaling to the training tiles. It uses the mean of the views, which predictions use too. */
export function withScaling(backbone: Backbone, embeddings: Embeddings, data: TrainingData): BackboneFeatures {
  const { views, width } = embeddings;
  const rows = views.map((values) => rowsAt(values, width, data.positions.train));
  return { backbone, embeddings, scaling: fitScaling(meanOf(rows), width) };
}

/** The scaled columns [n, width] of a partition's tiles, for each view. */
export function columnsOf(
  parts: readonly BackboneFeatures[],
  colour: ColourMeasures | undefined,
  data: TrainingData,
  partition: Partition,
): { readonly width: number; readonly views: Float32Array[] } {
  const positions = data.positions[partition];
  const count = parts[0]?.embeddings.views.length ?? 0;
  const views = Array.from({ length: count }, (_, view) => {
    const blocks = parts.map(({ embeddings, scaling }) =>
      scaled(rowsAt(embeddings.views[view] as Float32Array, embeddings.width, positions), scaling),
    );
    return sideBySide(colour ? [...blocks, colour.values[partition]] : blocks, positions.length);
  });
  const width = parts.reduce((sum, { embeddings }) => sum + embeddings.width, colour?.width ?? 0);
  return { width, views };
}
