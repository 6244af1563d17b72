/** @module `GET /models/{model}/met`: features of the images that a model has predicted, for `histo eda --against`. */
import { json } from "../http/index";
import type { Handler } from "./route";

/** Colour and texture features of at most 500 images since the start; empty for models without statistics of training tiles. */
export const metRoute: Handler = async ({ models }, { parameters }) => {
  const model = models.get(parameters.model);
  const { preprocessing } = model.card;
  return json({
    format: "histo-met/1",
    model: model.name,
    model_sha256: model.sha256,
    preprocessing,
    ...(await model.metImages()),
  });
};
