/** @module Networks by name. Everything about one in `--model`, its help, `histo compare` and the docs is registered here. */
import type { tf } from "../../tensorflow/index";
import type { MlpOptions } from "../mlp";

/** The training options that affect the network. */
interface NetworkOptions extends Omit<Required<MlpOptions>, "seed"> {
  /** Edge length of the input in pixels. */
  readonly size: number;
  /** For the initial weights and the dropout masks. */
  readonly seed: number;
}

/** Training options by name; they are checked on use. */
type Recipe = Readonly<Record<string, string | number | true | readonly number[]>>;

export interface RegisteredModel {
  /** The value of `--model`: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Its name in tables, such as `compact CNN`. */
  readonly title: string;
  /** A description without a full stop. */
  readonly description: string;
  /** Training starts from packaged weights of the same name, which must be fetched first. */
  readonly isPretrained?: true;
  /** Suitable training options, which `histo compare` uses. @param size edge length of the input in pixels */
  recipe(size: number): Recipe;
  /** The highest learning rate of adaptive optimizers with `--lr auto`. Default 3e-4. */
  rate?(size: number): number;
  /** Fewest images of a batch, for networks that normalize by its statistics. Default 1. */
  leastBatch?(size: number): number;
  /**
   * Builds the network: standardized pixels, float32 [n, size, size, 3], to one logit, float32 [n, 1]. Absent if the model is
   * not trained this way, such as `colour`.
   */
  build?(options: NetworkOptions): Promise<tf.LayersModel>;
}

const registered = new Map<string, RegisteredModel>();

/** Registers a network for use as `model` in this process. @throws {TypeError} if the name is taken or invalid */
export function registerModel(model: RegisteredModel): void {
  if (registered.has(model.name)) throw new TypeError(`There is a model ${model.name} already.`);
  if (!/^[a-z][a-z0-9-]*$/.test(model.name)) throw new TypeError(`${model.name} is not like mlp or my-network.`);
  registered.set(model.name, model);
}

/** All networks, in the order of registration. */
export function registeredModels(): readonly RegisteredModel[] {
  return [...registered.values()];
}

/** The network of this name; undefined if there is none, as for frozen backbones. */
export function modelNamed(name: string): RegisteredModel | undefined {
  return registered.get(name);
}
