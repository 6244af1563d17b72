/** @module The subspace stem as a layer: coordinates of an image in a principal basis, which training does not change. */
import { tf } from "../../tensorflow/index";
import { Layer } from "./layer";

interface SubspaceProjectionConfig {
  readonly name?: string;
  /** Number of coordinates. */
  readonly rank: number;
}

/** z = x B + o for flat x [n, d], basis B [d, rank] and offset o [rank]; no trainable weights. */
export class SubspaceProjection extends Layer {
  static readonly className = "SubspaceProjection";
  private readonly rankOf: number;
  private basis!: tf.LayerVariable;
  private offset!: tf.LayerVariable;

  constructor(config: SubspaceProjectionConfig) {
    super({ ...config, trainable: false });
    this.rankOf = config.rank;
  }

  override build(inputShape: tf.Shape): void {
    this.basis = this.addFixedWeight("basis", [inputShape[1] as number, this.rankOf], "zeros");
    this.offset = this.addFixedWeight("offset", [this.rankOf], "zeros");
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, this.rankOf];
  }

  protected compute(x: tf.Tensor2D): tf.Tensor {
    return tf.add(tf.matMul(x, this.basis.read() as tf.Tensor2D), this.offset.read());
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rank: this.rankOf };
  }
}

tf.serialization.registerClass(SubspaceProjection);
