/** @module `GET /models/{model}/met`: what the images looked like that a model answered for; `histo eda --against` reads it. */
import { json } from "../http/index";
import type { Handler } from "./route";

/** Measures of colour and texture of at most 500 images since the process started, no image; for models that know their training tiles. */
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
