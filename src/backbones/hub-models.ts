/** @module Known networks on the Hugging Face hub: their normalization, and how their tokens are pooled into one vector. */
import type { BackboneNormalization } from "./normalization";

/** How tokens are pooled: the class token, the mean of all tokens, or the class token and the mean of the patches. */
export type TokenPooling = "first" | "mean" | "first-and-mean";

/** A network on the hub. */
export interface HubModel extends Required<BackboneNormalization> {
  /** Name on the hub, `OWNER/NAME`. For a family, a pattern with `*`. */
  readonly name: string;
  readonly pool: TokenPooling;
  /** Features per image. For a family, one number for each size. */
  readonly features: string;
  readonly licence: string;
  /** Access must be requested on its page. */
  readonly gated: boolean;
  /** The images that it was trained on. */
  readonly pretraining: string;
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], size: 224 } as const;
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], size: 224 } as const;
const OPTIMUS = { mean: [0.707223, 0.578729, 0.703617], std: [0.211883, 0.230117, 0.177517], size: 224 } as const;
const OPEN = { gated: false } as const;
const BOTH = { pool: "first-and-mean" } as const;

/** A network like most: gated, trained on histology slides, with the class token as its features. */
function model(name: string, features: string, licence: string, differences: Partial<HubModel> = {}): HubModel {
  const usual = { gated: true, pool: "first", name, features, licence, pretraining: "histology slides" } as const;
  return { ...IMAGENET, ...usual, ...differences };
}

/** According to the models' pages on the hub. */
export const HUB_MODELS: readonly HubModel[] = [
  model("MahmoodLab/UNI", "1024", "CC-BY-NC-ND-4.0"),
  model("MahmoodLab/UNI2-h", "1536", "CC-BY-NC-ND-4.0"),
  model("paige-ai/Virchow", "2560", "Apache-2.0", BOTH),
  model("paige-ai/Virchow2", "2560", "CC-BY-NC-ND-4.0", BOTH),
  model("bioptimus/H-optimus-0", "1536", "Apache-2.0", OPTIMUS),
  model("bioptimus/H-optimus-1", "1536", "CC-BY-NC-ND-4.0", OPTIMUS),
  model("prov-gigapath/prov-gigapath", "1536", "see its page"),
  model("kaiko-ai/midnight*", "3072", "MIT", { ...HALF, ...OPEN, ...BOTH }),
  model("owkin/phikon", "768", "see its page", OPEN),
  model("owkin/phikon-v2", "1024", "see its page", OPEN),
  model("1aurent/vit_*kaiko_ai_towards_large_pathology_fms", "384, 768 or 1024", "kaiko non-commercial", {
    ...HALF,
    ...OPEN,
  }),
  model("*/dinov2-*", "384, 768, 1024 or 1536", "Apache-2.0", { ...OPEN, pretraining: "LVD-142M (photographs)" }),
  model("timm/*", "by model", "see its page", {
    ...OPEN,
    pretraining: "by model; its config.json says size and normalization",
  }),
];

/** The entry of a repository. If several match, the one with the longest name. */
export function hubModel(repo: string): HubModel | undefined {
  const fits = ({ name }: HubModel) => {
    const pattern = name.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${pattern.join(".*")}$`, "i").test(repo);
  };
  return HUB_MODELS.filter(fits).sort((a, b) => b.name.length - a.name.length)[0];
}
