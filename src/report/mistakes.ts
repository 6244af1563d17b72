/** @module The section with images of the worst mistakes. */
import { readFile } from "node:fs/promises";
import { loadDataset } from "../dataset/index";
import { messageOf } from "../errors/index";
import { type Mistake, type RunResults, worstMistakes } from "../evaluation/index";
import { ImageNames } from "../files/index";
import { counted, decimal, escapeHtml, paragraph } from "../format/index";
import { type SampleMeaning, thumbnail } from "../image/index";
import type { ReportFacts, Section } from "./facts";
import { type ExplainedImage, heatMaps, type ReportWork } from "./heat-maps";

/** Maximum edge length of the images in pixels. */
const THUMBNAIL = 160;
/** Number of images of each kind, and of those with a heat map. */
const SHOWN = 8;
const EXPLAINED = 3;

export async function mistakesSection({ results, main }: ReportFacts, work: ReportWork): Promise<Section> {
  const { falsePositives, falseNegatives } = worstMistakes(main.rows, main.metrics.threshold, SHOWN);
  const surest = [...falsePositives.slice(0, EXPLAINED), ...falseNegatives.slice(0, EXPLAINED)];
  const [negative, positive] = results.classes.map(escapeHtml);
  const images = await findImages(results, [...falsePositives, ...falseNegatives]);
  const { fp, fn } = main.metrics.confusion;
  const explained = new Map(
    surest.flatMap(({ filename }) => {
      const path = images.paths.get(filename);
      return path === undefined ? [] : [[filename, path] as const];
    }),
  );
  const maps = await heatMaps(results, explained, work);
  const gallery = async (title: string, total: number, mistakes: readonly Mistake[]) =>
    mistakes.length === 0
      ? paragraph(`${title}: none.`)
      : `<h3>${title}: the ${mistakes.length} most confident of ${total}</h3>${await tiles(mistakes, images.paths, maps, results.config.preprocessing)}`;
  return {
    id: "mistakes",
    title: "The worst mistakes",
    blocks: [
      paragraph(
        fp + fn === 0
          ? `No wrong decision among ${counted(main.metrics.n, `${main.name} image`)}. That is rare: look for copies of test images in the ` +
              "training part, and for marks that give the class away."
          : `${counted(fp + fn, "wrong decision")} among ${counted(main.metrics.n, `${main.name} image`)}. These are the most confident ones: look for artefacts, ` +
              "blur, unusual staining, and wrong labels." +
              (maps.size > 0
                ? ` Heat maps show how the logit changes when a part is covered: <b>orange</b> parts are evidence for ${positive}, <b>blue</b> parts for ${negative}.`
                : ""),
      ),
      ...(images.problem ? [`<p class="caution">${escapeHtml(images.problem)}</p>`] : []),
      await gallery(`${negative} called ${positive}`, fp, falsePositives),
      await gallery(`${positive} called ${negative}`, fn, falseNegatives),
    ],
  };
}

/** Finds the images in the data set of the run. */
async function findImages(
  { config }: RunResults,
  mistakes: readonly Mistake[],
): Promise<{ paths: ReadonlyMap<string, string>; problem?: string }> {
  if (mistakes.length === 0) return { paths: new Map() };
  if (!config.data)
    return { paths: new Map(), problem: "The images are not shown: the run does not name its data set." };
  try {
    const { tiles } = await loadDataset(config.data, config.dataset);
    const paths = new Map(tiles.map(({ name, path }) => [name, path]));
    const names = new ImageNames(paths.keys());
    const shown = mistakes.flatMap(({ filename }) => {
      const [name, ...others] = names.matching(filename);
      return name === undefined || others.length > 0 ? [] : [[filename, paths.get(name) as string] as const];
    });
    return { paths: new Map(shown) };
  } catch (error) {
    return { paths: new Map(), problem: `The images are not shown: ${messageOf(error)}` };
  }
}

async function tiles(
  mistakes: readonly Mistake[],
  paths: ReadonlyMap<string, string>,
  maps: ReadonlyMap<string, ExplainedImage>,
  meaning: SampleMeaning = {},
): Promise<string> {
  const figures = await Promise.all(
    mistakes.map(async (mistake) => {
      const votes = mistake.votes ? `, votes ${mistake.votes.positive}/${mistake.votes.total}` : "";
      const caption = `${escapeHtml(mistake.filename)}<br>probability ${decimal(mistake.probability)}${votes}`;
      const map = maps.get(mistake.filename);
      const shown = map
        ? imageOf(`${mistake.filename} and its heat map`, map.picture)
        : await picture(mistake.filename, paths.get(mistake.filename), meaning);
      return `<figure class="${map ? "tile explained" : "tile"}">${shown}<figcaption>${caption}</figcaption></figure>`;
    }),
  );
  return `<div class="tiles">${figures.join("")}</div>`;
}

function imageOf(name: string, jpeg: Buffer): string {
  return `<img alt="${escapeHtml(name)}" src="data:image/jpeg;base64,${jpeg.toString("base64")}">`;
}

async function picture(name: string, path: string | undefined, meaning: SampleMeaning): Promise<string> {
  if (path === undefined) return `<div class="absent">no image</div>`;
  try {
    return imageOf(name, await thumbnail(await readFile(path), THUMBNAIL, {}, meaning));
  } catch {
    return `<div class="absent">unreadable</div>`;
  }
}
