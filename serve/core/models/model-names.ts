/** @module The names of a service's models. */
import { InputError } from "../../../src/errors/index";
import { readCard } from "../../../src/model-directory/index";

/** Names for the models: their own, with the variant added to equal ones. */
export async function nameModels(directories: readonly string[]): Promise<[name: string, directory: string][]> {
  if (directories.length === 0) throw new InputError("MODEL_MISSING", "--model: give at least one model directory.");
  const cards = await Promise.all(directories.map(readCard));
  const named = directories.map((directory, i): [string, string] => {
    const { name = "", variant } = cards[i] ?? {};
    const unique = cards.filter((card) => card.name === name).length === 1;
    return [unique ? name : `${name}-${variant ?? i + 1}`, directory];
  });
  const names = named.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice)
    throw new InputError("MODEL_NAME_TWICE", `--model: two models are named ${twice}; rename one in its model.json.`);
  return named;
}
