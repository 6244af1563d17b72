/**
 * @module A fully connected first layer for very wide inputs. Its kernel [k, units] is kept as blocks of rows, and its
 * gradient as the factors it is the product of, so that the optimizer can form and apply it a block at a time: the
 * gradient of a 150,528 x 2,352 kernel (1.4 GB) never exists.
 */
import { type FactoredGradient, type FactoredLayer, markFactored, tf, variableOf } from "../../tensorflow/index";
import type { NamedWeight, WeightOwner } from "../weights";
import { glorotUniform } from "./initializers";

export interface BlockDenseConfig {
  readonly name?: string;
  readonly units: number;
  /** Seed of the initial weights (Glorot uniform). */
  readonly seed?: number;
  /** Rows of a block; the last block may be smaller. Has no influence on the result. */
  readonly blockRows?: number;
}

/** A block of 4,704 x 2,352 weights is 44 MB: measured best of 1,024 to 18,816 rows on the reference network. */
const DEFAULT_BLOCK_ROWS = 4704;

/** y = x W + b for x [n, k]. Only usable as the first layer with weights: it gives no gradient to its input. */
export class BlockDense extends tf.layers.Layer implements FactoredLayer, WeightOwner {
  static readonly className = "BlockDense";
  private readonly units: number;
  private readonly seed: number;
  private readonly blockRows: number;
  private readonly blocks: tf.LayerVariable[] = [];
  private bias!: tf.LayerVariable;
  private pending = new Map<tf.Variable, FactoredGradient>();

  constructor(config: BlockDenseConfig) {
    super(config as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.units = config.units;
    this.seed = config.seed ?? 0;
    this.blockRows = config.blockRows ?? DEFAULT_BLOCK_ROWS;
  }

  override build(inputShape: tf.Shape): void {
    const k = inputShape[1];
    if (inputShape.length !== 2 || !k) throw new Error(`BlockDense needs a flat input, not [${inputShape}].`);
    for (let start = 0; start < k; start += this.blockRows) {
      const rows = Math.min(this.blockRows, k - start);
      const initializer = glorotUniform(k, this.units, this.seed, start);
      this.blocks.push(this.addWeight(`kernel_${start}`, [rows, this.units], "float32", initializer));
    }
    for (const block of this.blocks) markFactored(variableOf(block));
    this.bias = this.addWeight("bias", [this.units], "float32", tf.initializers.zeros());
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, this.units];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor2D;
    const affine = tf.customGrad((bias, save) => {
      const slices = tf.split(x, this.blocks.map(rowsOf), 1);
      const products = slices.map((slice, i) =>
        tf.matMul(slice, (this.blocks[i] as tf.LayerVariable).read() as tf.Tensor2D),
      );
      (save as tf.GradSaveFunc)(slices);
      return {
        value: tf.add(tf.addN(products), bias as tf.Tensor),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          this.keepFactors(saved, dy);
          return tf.sum(dy, 0);
        },
      };
    });
    return affine(this.bias.read());
  }

  takeFactoredGradients(): Map<tf.Variable, FactoredGradient> {
    const gradients = this.pending;
    this.pending = new Map();
    return gradients;
  }

  namedWeights(): NamedWeight[] {
    const rows = this.blocks.reduce((sum, block) => sum + rowsOf(block), 0);
    return [
      { name: `${this.name}/kernel`, shape: [rows, this.units], parts: this.blocks.map(variableOf) },
      { name: `${this.name}/bias`, shape: [this.units], parts: [variableOf(this.bias)] },
    ];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.units, seed: this.seed, blockRows: this.blockRows };
  }

  private keepFactors(slices: readonly tf.Tensor[], errors: tf.Tensor): void {
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
