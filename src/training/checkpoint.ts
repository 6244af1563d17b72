/**
 * @module Checkpoints of a run: `last` and `previous`, each a directory that is complete or absent. A manifest with the
 * SHA-256 of every file is written last; a checkpoint without a matching manifest is ignored.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError, messageOf } from "../errors/index";
import {
  readJson,
  SafetensorsFile,
  sha256File,
  sizeOf,
  syncDirectory,
  type TensorToWrite,
  writeFileAtomically,
  writeJson,
  writeSafetensors,
} from "../files/index";
import { type NamedWeight, namedWeights, readParts, toWrite, weightsAreFinite } from "../models/index";
import { type Optimizer, tf, trainableVariables } from "../tensorflow/index";
import { type Trainer, type TrainerState, TrainingDiverged } from "./trainer";

const WEIGHTS = "weights.safetensors";
const OPTIMIZER = "optimizer.safetensors";
const STATE = "state.json";
const MANIFEST = "manifest.json";
/** Prefix of the name of a checkpoint while it is written; the id of the process follows. */
const WRITING = "writing-";
/** Prefix of the name of a checkpoint while it is removed, so that an interrupted removal is not taken for a damaged one. */
const REMOVING = "removing-";

interface SavedState extends TrainerState {
  /** Hash of everything that must not change when a run is resumed. */
  readonly fingerprint: string;
}

/** Saves and restores a trainer under `directory`. */
export class CheckpointStore {
  /** @param fingerprint of the data and the options; a checkpoint with another one is rejected */
  constructor(
    private readonly directory: string,
    private readonly fingerprint: string,
  ) {}

  /** Writes the whole state of the trainer as `last`; the old `last` becomes `previous`. */
  async save(trainer: Trainer): Promise<void> {
    if (!weightsAreFinite(trainer.model))
      throw new TrainingDiverged("The weights are not finite; they were not saved.");
    const target = join(this.directory, `${WRITING}${process.pid}`);
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    try {
      await this.write(trainer, target);
    } catch (error) {
      await rm(target, { recursive: true, force: true });
      throw error;
    }
    await this.promote(target);
  }

  /**
   * Restores the most advanced complete checkpoint, and removes the remains of interrupted saves. @returns a sentence about it, if there is one
   * @throws {InputError} `CHECKPOINT_OTHER_RUN` if it belongs to other options or data, `CHECKPOINT_UNUSABLE`
   */
  async restore(trainer: Trainer): Promise<string | undefined> {
    const problems: string[] = [];
    for (const name of await this.candidates()) {
      const path = join(this.directory, name);
      const problem = await verify(path);
      if (problem) {
        problems.push(`${path} is not usable: ${problem}`);
        continue;
      }
      await this.read(trainer, path);
      await this.tidy(name);
      return [...problems, `Resumed from ${path}: epoch ${trainer.epoch}, batch ${trainer.batch}.`].join(" ");
    }
    if (problems.length)
      throw new InputError("CHECKPOINT_UNUSABLE", `${problems.join(" ")} Start again with a different --run.`);
    return undefined;
  }

  /** Removes the checkpoints of a finished run. */
  async clear(): Promise<void> {
    for (const name of await this.names()) await this.remove(name);
  }

  /** Renames a complete checkpoint to `last`; the old `last` becomes `previous`. */
  private async promote(path: string): Promise<void> {
    const [last, previous] = [join(this.directory, "last"), join(this.directory, "previous")];
    if (existsSync(last)) {
      if (existsSync(previous)) await this.remove("previous");
      await rename(last, previous);
    }
    await rename(path, last);
    await syncDirectory(this.directory);
  }

  /** Removes a checkpoint under another name: until the rename it is complete, after it nobody reads it. */
  private async remove(name: string): Promise<void> {
    const removed = `${REMOVING}${process.pid}`;
    if (name !== removed) {
      await rm(join(this.directory, removed), { recursive: true, force: true });
      await rename(join(this.directory, name), join(this.directory, removed));
    }
    await rm(join(this.directory, removed), { recursive: true, force: true });
  }

  /** Makes a restored `writing-` checkpoint `last`, and removes what interrupted saves and removals have left. */
  private async tidy(restored: string): Promise<void> {
    if (restored.startsWith(WRITING)) await this.promote(join(this.directory, restored));
    for (const name of await this.names()) {
      if (name.startsWith(WRITING) || name.startsWith(REMOVING)) await this.remove(name);
    }
  }

  private async names(): Promise<string[]> {
    if (!existsSync(this.directory)) return [];
    return (await readdir(this.directory)).filter((name) => /^(last|previous|(writing|removing)-\d+)$/.test(name));
  }

  /**
   * Names of checkpoints, the most advanced first. A save that was killed between its renames has left a complete one under
   * `writing-`; one that was killed earlier has left no manifest.
   */
  private async candidates(): Promise<string[]> {
    const names = (await this.names()).filter(
      (name) =>
        !name.startsWith(REMOVING) && (!name.startsWith(WRITING) || existsSync(join(this.directory, name, MANIFEST))),
    );
    const found = await Promise.all(
      names.sort().map(async (name) => ({ name, ...(await placeOf(join(this.directory, name))) })),
    );
    return found.sort((a, b) => b.step - a.step || b.epoch - a.epoch).map(({ name }) => name);
  }

  private async write(trainer: Trainer, target: string): Promise<void> {
    const weights = namedWeights(trainer.model);
    const state: SavedState = { ...trainer.state(), fingerprint: this.fingerprint };
    await writeSafetensors(join(target, WEIGHTS), weights.map(toWrite));
    await writeSafetensors(join(target, OPTIMIZER), slotTensors(trainer, weights));
    await writeFileAtomically(join(target, STATE), stateText(state));
    const files = [WEIGHTS, OPTIMIZER, STATE];
    const hashes = await Promise.all(files.map((file) => sha256File(join(target, file))));
    await writeJson(join(target, MANIFEST), Object.fromEntries(files.map((file, i) => [file, hashes[i]])));
  }

  private async read(trainer: Trainer, path: string): Promise<void> {
    const { fingerprint, ...state } = stateIn(await readFile(join(path, STATE), "utf8"));
    if (fingerprint !== this.fingerprint) {
      const run = dirname(this.directory);
      const message = `--resume: ${run} was trained with other options or other images or labels; repeat its options or choose another --run.`;
      throw new InputError("CHECKPOINT_OTHER_RUN", message);
    }
    const { optimizer } = trainer.options;
    const weights = namedWeights(trainer.model);
    const trainable = new Set(trainableVariables(trainer.model));
    await SafetensorsFile.reading(join(path, WEIGHTS), async (file) => {
      for (const weight of weights) {
        await readParts(file, weight, (part, values) => {
          if (trainable.has(part)) optimizer.setValues(part, values);
          else tf.tidy(() => part.assign(tf.tensor(values, part.shape)));
        });
      }
    });
    await SafetensorsFile.reading(join(path, OPTIMIZER), async (file) => {
      for (const { slot, name, start } of slotParts(trainer, weights)) {
        slot.write(await file.read(name, start, sizeOf(slot.shape)));
      }
    });
    trainer.restore(state);
  }
}

/** JSON has no NaN and no infinities, which a metric or its best value can be: written as their names in an object. */
const NOT_FINITE = "notFinite";

function stateText(state: SavedState): string {
  const named = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? { [NOT_FINITE]: String(value) } : value;
  return `${JSON.stringify(state, named)}\n`;
}

function stateIn(text: string): SavedState {
  const number = (_: string, value: unknown) =>
    value !== null && typeof value === "object" && NOT_FINITE in value ? Number(value[NOT_FINITE]) : value;
  return JSON.parse(text, number) as SavedState;
}

/** The progress of a checkpoint. One with an unreadable state comes first, so that it is reported. */
async function placeOf(path: string): Promise<Pick<SavedState, "step" | "epoch">> {
  const unreadable = { step: Number.MAX_SAFE_INTEGER, epoch: 0 };
  const { step, epoch } = await readJson<SavedState>(join(path, STATE)).catch(() => unreadable);
  return { step, epoch };
}

/** Why a checkpoint cannot be used; undefined if all its files are intact. */
async function verify(path: string): Promise<string | undefined> {
  try {
    const manifest = await readJson<Record<string, string>>(join(path, MANIFEST));
    for (const [file, hash] of Object.entries(manifest)) {
      await stat(join(path, file));
      if ((await sha256File(join(path, file))) !== hash) return `${file} is damaged.`;
    }
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

type Slot = ReturnType<Optimizer["state"]>[number];

/** The optimizer's slots in parts, each with the name of its tensor on disk and its start there. */
function slotParts(trainer: Trainer, weights: readonly NamedWeight[]) {
  const trainable = new Set(trainableVariables(trainer.model));
  const found: { slot: Slot; name: string; shape: readonly number[]; start: number }[] = [];
  for (const { name, shape, parts } of weights) {
    let start = 0;
    for (const part of parts) {
      if (!trainable.has(part)) continue;
      for (const slot of trainer.options.optimizer.state([part], () => name)) {
        found.push({ slot, name: slot.name, shape, start });
      }
      start += part.size;
    }
  }
  return found;
}

function slotTensors(trainer: Trainer, weights: readonly NamedWeight[]): TensorToWrite[] {
  const byName = new Map<string, { shape: readonly number[]; slots: Slot[] }>();
  for (const { slot, name, shape } of slotParts(trainer, weights)) {
    const entry = byName.get(name) ?? { shape, slots: [] };
    entry.slots.push(slot);
    byName.set(name, entry);
  }
  return [...byName].map(([name, { shape, slots }]) => ({
    name,
    shape,
    *data() {
      for (const slot of slots) yield slot.read();
    },
  }));
}
