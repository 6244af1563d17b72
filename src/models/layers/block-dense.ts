/**
 * @module A fully connected layer with an efficient update. Its kernel [k, units] is kept in blocks of rows, and its gradient
 * as two factors, which the optimizer multiplies and applies piece by piece: the gradient of a 150,528 x 2,352 kernel
 * (1.4 GB) never exists as a whole, and that of a smaller one never leaves the cache.
 */
import {
  type DenseLayer,
  denseBackward,
  denseBias,
  denseForward,
  differentiable,
  type FactoredGradient,
  type FactoredLayer,
  markFactored,
  tf,
  variableOf,
} from "../../tensorflow/index";
import type { NamedWeight, WeightOwner } from "../weights";
import { glorotUniform, Layer } from "./layer";

interface BlockDenseConfig {
  readonly name?: string;
  readonly units: number;
  /** Seed of the initial weights (Glorot uniform). */
  readonly seed?: number;
  /** Multiplies the range of the initial weights. */
  readonly initialGain?: number;
  /** True if training needs the gradient of the layer's input: for all layers but the first. */
  readonly inputGradient?: boolean;
  /** Rows per block; the last block may be smaller. Does not affect the result. */
  readonly blockRows?: number;
}

/** A block of 4,704 x 2,352 weights is 44 MB: the fastest of 1,024 to 18,816 rows on the reference network. */
const DEFAULT_BLOCK_ROWS = 4704;

/** y = x W + b for x [n, k]. */
export class BlockDense
  extends Layer<Required<Omit<BlockDenseConfig, "name">>>
  implements DenseLayer, FactoredLayer, WeightOwner
{
  static readonly className = "BlockDense";
  private readonly blocks: tf.LayerVariable[] = [];
  private bias!: tf.LayerVariable;
  private pending = new Map<tf.Variable, FactoredGradient>();

  constructor(config: BlockDenseConfig) {
    const { units, seed = 0, initialGain = 1, inputGradient = false, blockRows = DEFAULT_BLOCK_ROWS, ...rest } = config;
    super(rest, { units, seed, initialGain, inputGradient, blockRows });
  }

  override build(inputShape: tf.Shape): void {
    const k = inputShape[1];
    const { units, seed, initialGain, blockRows } = this.settings;
    if (inputShape.length !== 2 || !k) throw new Error(`BlockDense needs a flat input, not [${inputShape}].`);
    for (let start = 0; start < k; start += blockRows) {
      const rows = Math.min(blockRows, k - start);
      const initializer = glorotUniform(k, units, seed, start, initialGain);
      this.blocks.push(this.addWeight(`kernel_${start}`, [rows, units], "float32", initializer));
    }
    for (const block of this.blocks) markFactored(variableOf(block));
    this.bias = this.addWeight("bias", [units], "float32", tf.initializers.zeros());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, this.settings.units];
  }

  protected compute(x: tf.Tensor2D): tf.Tensor {
    const kernels = this.blocks.map((block) => block.read() as tf.Tensor2D);
    const bias = this.bias.read();
    const { inputGradient } = this.settings;
    const apply = differentiable((_, save) => {
      save([x]);
      return {
        value: denseForward(x, kernels, bias),
        gradFunc: (dy, [saved]) => {
          this.keepFactors(saved as tf.Tensor2D, dy);
          const biasGradient = denseBias(dy as tf.Tensor2D);
          return inputGradient ? [denseBackward(dy as tf.Tensor2D, kernels), biasGradient] : biasGradient;
        },
      };
    });
    // tfjs computes the gradients of all arguments, so an input that needs none is not passed as one.
    return inputGradient ? apply(x, bias) : apply(bias);
  }

  takeFactoredGradients(): Map<tf.Variable, FactoredGradient> {
    const gradients = this.pending;
    this.pending = new Map();
    return gradients;
  }

  denseWeights(): { blocks: tf.Variable[]; bias: tf.Variable } {
    return { blocks: this.blocks.map(variableOf), bias: variableOf(this.bias) };
  }

  namedWeights(): NamedWeight[] {
    const { units } = this.settings;
    const rows = this.blocks.reduce((sum, block) => sum + rowsOf(block), 0);
    return [
      { name: `${this.name}/kernel`, shape: [rows, units], parts: this.blocks.map(variableOf) },
      { name: `${this.name}/bias`, shape: [units], parts: [variableOf(this.bias)] },
    ];
  }

  private keepFactors(inputs: tf.Tensor2D, errors: tf.Tensor): void {
    const slices = this.blocks.length === 1 ? [inputs] : tf.split(inputs, this.blocks.map(rowsOf), 1);
    tf.dispose([...this.pending.values()].flatMap((gradient) => [gradient.inputs, gradient.errors]));
    this.pending = new Map(
      this.blocks.map((block, i) => [
        variableOf(block),
        {
          inputs: tf.keep((slices[i] as tf.Tensor).clone()) as tf.Tensor2D,
          errors: tf.keep(errors.clone()) as tf.Tensor2D,
        },
      ]),
    );
  }
}

function rowsOf(block: tf.LayerVariable): number {
  return block.shape[0] as number;
}

tf.serialization.registerClass(BlockDense);
