/**
 * @module Variables whose values are in a TensorFlow resource and are updated in place. tfjs itself replaces a variable by a
 * new tensor at every update; a kernel of 1.4 GB would not fit into memory twice.
 *
 * A `tf.Variable` refers to a tensor read from the resource, which shares its memory. Before an update the variable is
 * detached, so that the update finds a reference count of one and does not copy.
 */
import * as tf from "@tensorflow/tfjs";
import { attribute, callOp, runOp } from "./kernels";
import { runtime } from "./load";

/** A float32 resource of a fixed shape. On plain JavaScript, a tensor that each update replaces. */
export class Resource {
  private static serial = 0;
  private readonly native: tf.Tensor | undefined;
  private plain: tf.Tensor | undefined;
  private shared: tf.Tensor | undefined;

  /** Takes over the values of `initial`, which the caller disposes. */
  constructor(
    readonly shape: readonly number[],
    initial: tf.Tensor,
  ) {
    if (runtime.kind === "native") {
      const names = [attribute.text("container", ""), attribute.text("shared_name", `histo_${Resource.serial++}`)];
      const kind = [attribute.float32("dtype"), attribute.shape("shape", shape)];
      this.native = tf.keep(callOp("VarHandleOp", [...names, ...kind], []));
    }
    this.assign(initial);
  }

  /** A resource with a copy of the values. One from the constructor may share memory with its initial tensor. */
  static copyOf(values: tf.Tensor): Resource {
    const copy = tf.mul(values, 1);
    const resource = new Resource(values.shape, copy);
    copy.dispose();
    return resource;
  }

  static zeros(shape: readonly number[]): Resource {
    const zeros = runtime.kind === "native" ? nativeZeros(shape) : tf.zeros([...shape]);
    const resource = new Resource(shape, zeros);
    zeros.dispose();
    return resource;
  }

  /** The handle for TensorFlow's update kernels. @throws on plain JavaScript */
  get handle(): tf.Tensor {
    if (!this.native) throw new Error("Only the native TensorFlow has resources.");
    this.forgetValues();
    return this.native;
  }

  assign(values: tf.Tensor): void {
    this.forgetValues();
    if (this.native) {
      runOp("AssignVariableOp", [attribute.float32("dtype")], [this.native, values]);
    } else {
      const before = this.plain;
      this.plain = tf.keep(values.clone());
      before?.dispose();
    }
  }

  /** Subtracts in place. */
  subtract(values: tf.Tensor): void {
    this.forgetValues();
    if (this.native) runOp("AssignSubVariableOp", [attribute.float32("dtype")], [this.native, values]);
    else tf.tidy(() => this.assign(tf.sub(this.plain as tf.Tensor, values)));
  }

  /** The current values, which share memory with the resource. Dispose the tensor before the next update. */
  read(): tf.Tensor {
    if (this.native) return callOp("ReadVariableOp", [attribute.float32("dtype")], [this.native]);
    return (this.plain as tf.Tensor).clone();
  }

  /** A tensor that is valid until anything but the project's own operations changes the resource. Do not dispose it. */
  get values(): tf.Tensor {
    this.shared ??= tf.keep(this.read());
    return this.shared;
  }

  /** A second reader would make TensorFlow's updates copy. */
  private forgetValues(): void {
    this.shared?.dispose();
    this.shared = undefined;
  }

  dispose(): void {
    // Other references keep the memory of a destroyed resource; assigning a small value frees it.
    const nothing = tf.scalar(0);
    this.assign(nothing);
    nothing.dispose();
    this.plain?.dispose();
    if (!this.native) return;
    runOp("DestroyResourceOp", [attribute.flag("ignore_lookup_error", true)], [this.native]);
    this.native.dispose();
  }
}

/** A trainable variable of a model, made resident. */
export class ResidentVariable {
  readonly resource: Resource;
  private static placeholder: tf.Tensor | undefined;

  constructor(readonly variable: tf.Variable) {
    this.resource = Resource.copyOf(variable);
    this.release();
    this.attach();
  }

  /** Lets `update` change the resource in place, then gives the variable the new values. */
  update(update: (resource: Resource) => void): void {
    this.release();
    try {
      update(this.resource);
    } finally {
      this.attach();
    }
  }

  /** Frees the resource. The variable keeps the values. */
  dispose(): void {
    // The variable's tensor keeps the memory alive: TensorFlow counts the references.
    this.attach();
    this.resource.dispose();
  }

  private release(): void {
    ResidentVariable.placeholder ??= tf.keep(tf.scalar(0));
    point(this.variable, ResidentVariable.placeholder);
  }

  private attach(): void {
    const values = this.resource.read();
    point(this.variable, values);
    values.dispose();
  }
}

/** Makes a variable refer to the data of a tensor. The tensor may be disposed afterwards; the data remains. */
function point(variable: tf.Variable, target: tf.Tensor): void {
  const engine = tf.engine();
  engine.disposeTensor(variable);
  variable.dataId = target.dataId;
  engine.incRef(variable, tf.backend());
}

/** Zeros made by TensorFlow. tfjs would make them in JavaScript and copy them, which takes seconds for a large model. */
function nativeZeros(shape: readonly number[]): tf.Tensor {
  return tf.tidy(() => {
    const types = [attribute.float32("T"), attribute.int32("index_type")];
    return callOp("Fill", types, [tf.tensor1d([...shape], "int32"), tf.scalar(0)]);
  });
}
