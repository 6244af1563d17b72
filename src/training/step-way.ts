/** @module How the steps of a training are computed: precision of products, way of updates. */
import type { TrainingOptions } from "../options/index";
import { chooseStepWay, plainWay, type StepWay } from "../tensorflow/index";

/** An MLP with fewer weights trains in seconds either way, and an image of fewer pixels passes a network as quickly. */
const [MANY_WEIGHTS, MANY_PIXELS] = [1e6, 64 ** 2];

/**
 * How the steps of a training are computed: the fastest way on this processor, timed once (see `chooseStepWay`). Small
 * trainings are not worth the timing; they are computed exactly.
 * @param parameters weights of the trained network
 */
export async function stepWayOf(
  { model, size, precision }: Pick<TrainingOptions, "model" | "size" | "precision">,
  parameters: number,
): Promise<StepWay> {
  const workload = ({ mlp: "dense", cnn: "convolution", vit: "tokens" } as const)[model];
  const large = workload === "dense" ? parameters >= MANY_WEIGHTS : size ** 2 >= MANY_PIXELS;
  if (workload && large) return (await chooseStepWay(workload, { precision })).chosen;
  return precision === "auto" ? plainWay : { ...plainWay, precision };
}
