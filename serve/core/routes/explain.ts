/** @module `POST /explain`: explains a prediction by covering the parts of the image one by one. */
import { LARGEST_GRID } from "../../../src/explanation/index";
import { parseDecimal } from "../../../src/files/index";
import { isTrainedOnDrawnTiles } from "../../../src/model-directory/index";
import { json, Problem } from "../http/index";
import type { Handler } from "./context";
import { readImage } from "./request-images";

const DEFAULT_GRID = 12;

export const explainRoute: Handler = async (context, request) => {
  const name = request.query.get("model");
  context.models.get(name);
  const grid = parseDecimal(request.query.get("grid") ?? String(DEFAULT_GRID));
  if (!Number.isInteger(grid) || grid < 2 || grid > LARGEST_GRID) {
    throw new Problem("FIELD_INVALID", `grid must be a whole number from 2 to ${LARGEST_GRID}.`);
  }
  const image = await readImage(context, request);
  const { model, explanation } = await image.use(async (bytes) => {
    // Looked up again, because the model may have been replaced while the image was fetched.
    const model = context.models.get(name);
    return { model, explanation: await model.explain(bytes, grid, request.signal) };
  });
  const { classActivation, ...occlusion } = explanation;
  return json({
    image_filename: image.filename,
    model: model.name,
    model_sha256: model.sha256,
    method: "occlusion",
    ...occlusion,
    class_activation: classActivation,
    trained_on_drawn_tiles: isTrainedOnDrawnTiles(model.card),
  });
};
