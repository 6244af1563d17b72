/** @module How the steps of a training are computed: the precision of products and the way of updates. */
import type { TrainingOptions } from "../options/index";
import { chooseStepWay, plainWay, type StepWay } from "../tensorflow/index";

/** Below these sizes, all ways are fast: an MLP with fewer weights, or images with fewer pixels. */
const [MANY_WEIGHTS, MANY_PIXELS] = [1e6, 64 ** 2];

/**
 * The fastest way on this processor, timed once (see `chooseStepWay`). Small trainings are not timed and use exact products.
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
