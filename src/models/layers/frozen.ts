/** @module The subspace stem as a layer: coordinates of an image in a principal basis, which training does not change. */
import { tf } from "../../tensorflow/index";
import { Layer } from "./layer";

interface SubspaceProjectionConfig {
  readonly name?: string;
  /** Number of coordinates. */
  readonly rank: number;
}

/** z = x B + o for flat x [n, d], basis B [d, rank] and offset o [rank]; no trainable weights. */
export class SubspaceProjection extends Layer<Pick<SubspaceProjectionConfig, "rank">> {
  static readonly className = "SubspaceProjection";
  private basis!: tf.LayerVariable;
  private offset!: tf.LayerVariable;

  constructor({ rank, ...config }: SubspaceProjectionConfig) {
    super({ ...config, trainable: false }, { rank });
  }

  override build(inputShape: tf.Shape): void {
    const { rank } = this.settings;
    this.basis = this.addFixedWeight("basis", [inputShape[1] as number, rank], "zeros");
    this.offset = this.addFixedWeight("offset", [rank], "zeros");
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return [inputShape[0] ?? null, this.settings.rank];
  }

  protected compute(x: tf.Tensor2D): tf.Tensor {
    return tf.add(tf.matMul(x, this.basis.read() as tf.Tensor2D), this.offset.read());
  }
}

tf.serialization.registerClass(SubspaceProjection);
