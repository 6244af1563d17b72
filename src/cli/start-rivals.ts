/** @module Quick alternatives to the reference network: `histo start` trains them too and serves the best model first. */
import { existsSync } from "node:fs";
import { fetchBackbone, fetchedWhole } from "../backbones/index";
import { Interrupted, messageOf } from "../errors/index";
import { type ExperimentOptions, type ExperimentResult, runExperiment, techniquesNamed } from "../experiments/index";
import { bounds, plainDecimal } from "../format/index";
import type { GivenTrainingOptions } from "../options/index";
import { silentProgress } from "../progress/index";
import type { CommandContext } from "./command";

/** A rival may take as long as the reference network, but at least this long. */
const LEAST_MILLISECONDS = 30_000;

/** The served models, and the reason for their order. */
export interface Served {
  /** Directories of the exported models: the best on validation first; only the reference network if no rival could be trained. */
  readonly models: readonly string[];
  readonly says: string;
}

/** Settings for training all models. */
interface Contest extends Pick<CommandContext, "progress" | "signal"> {
  /** Run of the reference network; the rivals' runs are next to it. */
  readonly run: string;
  readonly data: GivenTrainingOptions & { readonly size: number };
  readonly track: ExperimentOptions["track"];
}

/** Starts fetching the pretrained network in the background. If this fails, there is one rival less. */
export function fetchAhead(context: Pick<CommandContext, "progress" | "signal">): Promise<unknown> {
  const fetched = fetchQuietly(context);
  fetched.catch(() => undefined);
  return fetched;
}

async function fetchQuietly({ progress, signal }: Pick<CommandContext, "progress" | "signal">): Promise<unknown> {
  const name = techniquesNamed(["pretrained"])[0]?.needs?.[0] as string;
  if (!(await fetchedWhole(name))) progress.say(`Fetching ${name} in the background, for comparison.`);
  return fetchBackbone(name, { progress: silentProgress, signal });
}

/** Trains the rivals within the time limit and compares the best of them with the reference network on validation. @throws {Interrupted} */
export async function chooseServed(
  reference: Pick<ExperimentResult, "model" | "validation" | "seconds">,
  fetched: Promise<unknown>,
  { run, data, track = false, progress, signal }: Contest,
): Promise<Served> {
  const milliseconds = Math.max(LEAST_MILLISECONDS, Math.ceil(1000 * reference.seconds));
  const rivals: Contender[] = [];
  for (const technique of techniquesNamed(["colour", "pretrained"])) {
    const { name, needs, choices, size = data.size } = technique;
    const title = choices?.[0] ? `frozen ${choices[0].title}` : technique.title;
    const late = AbortSignal.timeout(milliseconds);
    const rival = `${run}-${name}`;
    try {
      if (needs) await inTime(fetched, late);
      const result = await runExperiment(
        { ...technique.options(size), ...choices?.[0]?.options, views: 1, ...data, size },
        {
          ...{ run: rival, resume: existsSync(rival), variant: "fp32", track, progress },
          signal: AbortSignal.any([signal, late]),
        },
      );
      rivals.push({ title, result });
    } catch (error) {
      if (signal.aborted) throw new Interrupted("Stopped.");
      const reason = late.aborted ? `not done within ${Math.round(milliseconds / 1000)} s` : messageOf(error);
      progress.say(`Left out: ${title} (${reason}).`);
    }
  }
  return servedOf({ title: "the reference network", result: reference }, rivals);
}

interface Contender {
  readonly title: string;
  readonly result: Pick<ExperimentResult, "model" | "validation">;
}

const areaOf = ({ result }: Contender) => result.validation.rocAuc;

/** The reference network is always served. */
function servedOf(reference: Contender, rivals: readonly Contender[]): Served {
  const [best] = [...rivals].sort((a, b) => areaOf(b) - areaOf(a));
  const order = !best ? [reference] : areaOf(best) > areaOf(reference) ? [best, reference] : [reference, best];
  const inWords = ({ title, result: { validation } }: Contender) => {
    const interval = bounds(validation.rocAucCi95);
    return `${title} (AUC ${plainDecimal(validation.rocAuc)}${interval && `, 95 % ${interval}`})`;
  };
  return {
    models: order.map(({ result }) => result.model as string),
    says: order.length > 1 ? `Validation prefers ${order.map(inWords).join(" to ")}; both are served.` : "",
  };
}

/** @throws {Error} if the signal is aborted first */
function inTime(work: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  const late = new Promise((_, reject) => signal.addEventListener("abort", reject, { once: true }));
  return Promise.race([work, late]);
}
