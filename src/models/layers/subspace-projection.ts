/** @module The subspace stem as a layer: coordinates of an image in a principal basis, fixed while the network trains. */
import { tf } from "../../tensorflow/index";

interface SubspaceProjectionConfig {
  readonly name?: string;
  /** Number of coordinates. */
  readonly rank: number;
}

/** z = x B + o for flat x [n, d], basis B [d, rank] and offset o [rank]; no trainable weights. */
export class SubspaceProjection extends tf.layers.Layer {
  static readonly className = "SubspaceProjection";
  private readonly rankOf: number;
  private basis!: tf.LayerVariable;
  private offset!: tf.LayerVariable;

  constructor(config: SubspaceProjectionConfig) {
    super({ ...config, trainable: false } as ConstructorParameters<typeof tf.layers.Layer>[0]);
    this.rankOf = config.rank;
  }

  override build(inputShape: tf.Shape): void {
    const zeros = tf.initializers.zeros();
    this.basis = this.addWeight("basis", [inputShape[1] as number, this.rankOf], "float32", zeros, undefined, false);
    this.offset = this.addWeight("offset", [this.rankOf], "float32", zeros, undefined, false);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, this.rankOf];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor2D;
    return tf.add(tf.matMul(x, this.basis.read() as tf.Tensor2D), this.offset.read());
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rank: this.rankOf };
  }
}

tf.serialization.registerClass(SubspaceProjection);
