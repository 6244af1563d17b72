/** @module Known networks of the Hugging Face hub: what they take and how their tokens become one vector. */
import type { BackboneNormalization } from "./normalization";

/** How tokens become one vector: the class token, the mean of all, or the class token and the mean of the patches. */
export type TokenPooling = "first" | "mean" | "first-and-mean";

/** What is known of a network on the hub. */
export interface HubModel extends Required<BackboneNormalization> {
  /** Name on the hub, `OWNER/NAME`; for a family its common beginning. */
  readonly name: string;
  readonly pool: TokenPooling;
  /** Numbers for an image, of a family by size. */
  readonly features: string;
  readonly licence: string;
  /** Access has to be asked for on its page. */
  readonly gated: boolean;
  /** What it was trained on before. */
  readonly pretraining: string;
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], size: 224 } as const;
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], size: 224 } as const;
const OPTIMUS = { mean: [0.707223, 0.578729, 0.703617], std: [0.211883, 0.230117, 0.177517], size: 224 } as const;

const open = { gated: false, pool: "first" } as const;
const gated = { gated: true, pool: "first" } as const;
const slides = "histology slides";

/** By the models' own pages on the hub. */
export const HUB_MODELS: readonly HubModel[] = [
  { ...IMAGENET, ...gated, name: "MahmoodLab/UNI", features: "1024", licence: "CC-BY-NC-ND-4.0", pretraining: slides },
  {
    ...IMAGENET,
    ...gated,
    name: "MahmoodLab/UNI2-h",
    features: "1536",
    licence: "CC-BY-NC-ND-4.0",
    pretraining: slides,
  },
  {
    ...IMAGENET,
    ...gated,
    name: "paige-ai/Virchow",
    pool: "first-and-mean",
    features: "2560",
    licence: "Apache-2.0",
    pretraining: slides,
  },
  {
    ...IMAGENET,
    ...gated,
    name: "paige-ai/Virchow2",
    pool: "first-and-mean",
    features: "2560",
    licence: "CC-BY-NC-ND-4.0",
    pretraining: slides,
  },
  { ...OPTIMUS, ...gated, name: "bioptimus/H-optimus-0", features: "1536", licence: "Apache-2.0", pretraining: slides },
  {
    ...OPTIMUS,
    ...gated,
    name: "bioptimus/H-optimus-1",
    features: "1536",
    licence: "CC-BY-NC-ND-4.0",
    pretraining: slides,
  },
  {
    ...IMAGENET,
    ...gated,
    name: "prov-gigapath/prov-gigapath",
    features: "1536",
    licence: "see its page",
    pretraining: slides,
  },
  {
    ...HALF,
    ...open,
    name: "kaiko-ai/midnight*",
    pool: "first-and-mean",
    features: "3072",
    licence: "MIT",
    pretraining: slides,
  },
  { ...IMAGENET, ...open, name: "owkin/phikon", features: "768", licence: "see its page", pretraining: slides },
  { ...IMAGENET, ...open, name: "owkin/phikon-v2", features: "1024", licence: "see its page", pretraining: slides },
  {
    ...HALF,
    ...open,
    name: "1aurent/vit_*kaiko_ai_towards_large_pathology_fms",
    features: "384, 768 or 1024",
    licence: "kaiko non-commercial",
    pretraining: slides,
  },
  {
    ...IMAGENET,
    ...open,
    name: "*/dinov2-*",
    features: "384, 768, 1024 or 1536",
    licence: "Apache-2.0",
    pretraining: "LVD-142M (photographs)",
  },
  {
    ...IMAGENET,
    ...open,
    name: "timm/*",
    features: "by model",
    licence: "see its page",
    pretraining: "by model; its config.json says size and normalization",
  },
];

/** What is known of a repository; of several that fit the one with the longest name. */
export function hubModel(repo: string): HubModel | undefined {
  const fits = ({ name }: HubModel) => {
    const pattern = name.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${pattern.join(".*")}$`, "i").test(repo);
  };
  return HUB_MODELS.filter(fits).sort((a, b) => b.name.length - a.name.length)[0];
}
