/** @module Networks by name. What `--model`, its help, the comparison and the docs say about one is registered here, once. */
import type { tf } from "../../tensorflow/index";
import type { MlpOptions } from "../mlp";

/** The options of a training that shape a network. */
interface NetworkOptions extends Omit<Required<MlpOptions>, "seed"> {
  /** Edge length of the input in pixels. */
  readonly size: number;
  /** Of the initial weights and the dropout masks. */
  readonly seed: number;
}

/** Options of a training by name; checked when they are used. */
type Recipe = Readonly<Record<string, string | number | true | readonly number[]>>;

export interface RegisteredModel {
  /** What `--model` calls it: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Names it in a table, such as `compact CNN`. */
  readonly title: string;
  /** What it is, in a sentence without its end. */
  readonly description: string;
  /** It begins with packaged weights of the same name, which have to be fetched first, and is trained on. */
  readonly isPretrained?: true;
  /** Training options that suit it; `histo compare` trains it so. @param size edge length of the input in pixels */
  recipe(size: number): Recipe;
  /** The highest learning rate of adaptive optimizers under `--lr auto`; 3e-4 where absent. */
  rate?(size: number): number;
  /**
   * Makes the network: standardized pixels, float32 [n, size, size, 3], to one logit, float32 [n, 1].
   * Absent where a training solves for the model instead, as for `colour`.
   */
  build?(options: NetworkOptions): Promise<tf.LayersModel>;
}

const registered = new Map<string, RegisteredModel>();

/** Adds a network, so that `model` may name it in this process. @throws {TypeError} where the name is taken or not one */
export function registerModel(model: RegisteredModel): void {
  if (registered.has(model.name)) throw new TypeError(`There is a model ${model.name} already.`);
  if (!/^[a-z][a-z0-9-]*$/.test(model.name)) throw new TypeError(`${model.name} is not like mlp or my-network.`);
  registered.set(model.name, model);
}

/** All networks in the order of their registration. */
export function registeredModels(): readonly RegisteredModel[] {
  return [...registered.values()];
}

/** The network of this name; undefined where there is none, as for frozen backbones. */
export function modelNamed(name: string): RegisteredModel | undefined {
  return registered.get(name);
}
