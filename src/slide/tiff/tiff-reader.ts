/** @module Reads slides in TIFF files: pyramids of tiles as Aperio, OME and libvips write them. */
import type { FileHandle } from "node:fs/promises";
import { InputError } from "../../errors/index";
import { counted } from "../../format/index";
import type { RgbImage, SampleMeaning } from "../../image/index";
import { first, numbers, type Page, TAG, type Tags, type TiffPages, text } from "../../image/tiff/index";
import { assemble, memoryFor, tilesUnder } from "../assemble";
import { profileName } from "../colour-profile";
import type { TiffPicture } from "../picture";
import { resolutionOf } from "../scale";
import type { Rectangle, SlideInfo, SlideLevel, SlideReader } from "../types";
import { beyondEnd, downsampleOf, layoutOf, type PageLayout, pyramid } from "./layout";
import { type OmePixels, omePixels } from "./ome";
import { type FileValues, isTransparency, unreadForm } from "./tile-stack";
import { type Tile, TileStore } from "./tile-store";

const COMPRESSIONS: Readonly<Record<number, string>> = {
  1: "none",
  5: "LZW",
  6: "JPEG of the old kind",
  7: "JPEG",
  8: "deflate",
  32773: "PackBits",
  32946: "deflate",
  33003: "JPEG 2000",
  33004: "JPEG 2000 with losses",
  33005: "JPEG 2000",
  34712: "JPEG 2000 of the general kind",
  34887: "LERC",
  34925: "LZMA",
  34933: "PNG",
  34934: "JPEG XR",
  50000: "Zstandard",
  50001: "WebP",
  50002: "JPEG XL",
  52546: "JPEG XL",
};
const ZSTANDARD = 50000;
/** Compressions that OpenSlide decodes: Aperio's JPEG 2000, and Zstandard. */
const READ_BY_OPENSLIDE = [33003, 33005, ZSTANDARD];
/** Compressions that this reader decodes. */
const READ_HERE = [1, 5, 7, 8, 32773, 32946, 50001];
/** Larger tiles or strips cannot be decoded in bounded memory. */
const MOST_TILE_PIXELS = 2 ** 24;

export type TiffVerdict =
  | { readonly kind: "readable"; readonly reader: TiffReader }
  /** Another reader may be able to read it. */
  | { readonly kind: "elsewhere"; readonly reason: string }
  /** It must be cut into tiles first. */
  | { readonly kind: "in-one-piece"; readonly tiff?: TiffPicture };

export class TiffReader implements SlideReader {
  readonly info: SlideInfo;
  readonly profile: Buffer | undefined;
  private readonly stores: readonly TileStore[];

  private constructor(
    private readonly file: FileHandle,
    private readonly layouts: readonly PageLayout[],
    values: FileValues,
    { info, profile }: Pick<TiffReader, "info" | "profile">,
  ) {
    this.info = info;
    this.profile = profile;
    this.stores = layouts.map((layout) => new TileStore(file, layout, values));
  }

  /**
   * Decides from its pages how a TIFF file can be read.
   * @throws {InputError} `SLIDE_TRUNCATED`, `SLIDE_CORRUPT` or `SLIDE_UNSUPPORTED`
   */
  static judge(path: string, file: FileHandle, size: number, found: TiffPages, meaning: SampleMeaning): TiffVerdict {
    const head = found.pages[0] as Page;
    const { page, base } = largestOf(found.pages);
    if (!base) throw new InputError("SLIDE_CORRUPT", `${path} is damaged: its first page has no pixels.`);
    const foreign = foreignFormat(head.tags);
    if (foreign) return { kind: "elsewhere", reason: `it is ${foreign}` };
    const ome = omePixels(text(head.tags, TAG.description), base.width, base.height);
    if (ome && ome.channels > base.samples) {
      const message = `${path} has ${ome.channels} channels in pages of their own; save it with RGB colours.`;
      throw new InputError("SLIDE_UNSUPPORTED", message);
    }
    if (!READ_HERE.includes(base.compression)) {
      const name = COMPRESSIONS[base.compression] ?? `scheme ${base.compression}`;
      const misread = misreadByOpenSlide(base);
      if (misread || !READ_BY_OPENSLIDE.includes(base.compression)) {
        const message = `${path} is ${misread ? `${misread} ` : ""}compressed with ${name}, which is not read; save it with LZW compression.`;
        throw new InputError("SLIDE_UNSUPPORTED", message);
      }
      if (base.compression === ZSTANDARD) refuseUnread(path, asPlain(base));
      return { kind: "elsewhere", reason: `it is compressed with ${name}` };
    }
    refuseUnread(path, base);
    if (base.tileWidth * base.tileHeight > MOST_TILE_PIXELS) {
      const [at, dropExtra] = [found.pages.indexOf(page), hasUnusedSample(base)];
      return { kind: "in-one-piece", tiff: { page: at, dropExtra, resolution: resolutionOf(base.tags, ome) } };
    }
    const layouts = pyramid(levelPages(page, found.pages, ome));
    const whole = layouts.filter((layout) => beyondEnd(layout, size) === 0 && isReadHere(layout));
    if (whole[0] !== layouts[0]) {
      const count = beyondEnd(base, size);
      const message = `${path} is cut off: of ${counted(base.offsets.length, "tile")} ${count} lie beyond its end; copy it again.`;
      throw new InputError("SLIDE_TRUNCATED", message);
    }
    const { vendor, mpp, objective, remarks } = resolutionOf(base.tags, ome);
    const profile = profileOf(base.tags);
    const damaged = found.broken || whole.length < layouts.length;
    const info: SlideInfo = {
      path,
      vendor,
      reader: "tiff",
      compression: COMPRESSIONS[base.compression] as string,
      levels: whole.map((layout) => levelOf(base, layout)),
      ...(mpp !== undefined && { mpp }),
      ...(objective !== undefined && { objective }),
      ...(profile && { profile: profileName(profile) }),
      remarks: [
        ...remarks,
        ...(ome && ome.planes > 1
          ? [`it has ${ome.planes} pictures at different depths or times; the first is read`]
          : []),
        ...turned(base.tags),
        ...(damaged ? ["some of its smaller levels are missing, damaged or in a form that is not read"] : []),
      ],
    };
    const values = { little: found.little, meaning };
    return { kind: "readable", reader: new TiffReader(file, whole, values, { info, profile }) };
  }

  async readRegions(level: number, regions: readonly Rectangle[], into?: Buffer): Promise<(RgbImage | Error)[]> {
    const layout = this.layouts[level] as PageLayout;
    const places = regions.map((region) => tilesUnder(layout, region));
    const tiles = await (this.stores[level] as TileStore).tiles(places.flat());
    const memory = memoryFor(regions, into);
    return regions.map((region, i) => {
      const damaged = places[i]?.map((place) => tiles.get(place)).find((tile) => tile instanceof Error);
      if (damaged instanceof Error) return damaged;
      return assemble(layout, region, (place) => tiles.get(place) as Exclude<Tile, Error>, memory[i]);
    });
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** A remark on a slide that its file wants to be shown turned or mirrored. Other readers of slides do not do that either. */
function turned(tags: Tags): string[] {
  const orientation = first(tags, TAG.orientation) ?? 1;
  if (orientation < 2 || orientation > 8) return [];
  return [
    `its tag Orientation (${orientation}) says that it is turned or mirrored, which is ignored, as OpenSlide does`,
  ];
}

/** @throws {InputError} `SLIDE_UNSUPPORTED` for a page whose values are of a form that is not read */
function refuseUnread(path: string, layout: PageLayout): void {
  const unread = unreadForm(layout);
  if (unread) throw new InputError("SLIDE_UNSUPPORTED", `${path} is a TIFF ${unread}.`);
}

/** A page as if it were not compressed, to check its values: OpenSlide opens any and then reads none. */
function asPlain(layout: PageLayout): PageLayout {
  return { ...layout, tags: new Map(layout.tags).set(TAG.compression, [1]) };
}

/** Forms that OpenSlide reads wrong. @see findings/openslide-16-bit-grey-edge.sh */
function misreadByOpenSlide({ tags, samples }: PageLayout): string | undefined {
  if (samples === 1 && numbers(tags, TAG.bits)[0] === 16) return "16-bit grey";
  if (samples === 2) return "grey with a second channel";
  return first(tags, TAG.extra) === 0 ? "RGB with a channel that is not transparency" : undefined;
}

/** Whether there is a sample behind the colours, grey or RGB, that is not transparency. */
function hasUnusedSample({ tags, samples }: PageLayout): boolean {
  const inks = 5;
  const behind = samples === 2 || (samples === 4 && first(tags, TAG.photometric) !== inks);
  return behind && !isTransparency(first(tags, TAG.extra));
}

/** Whether the tiles of a page can be decoded; smaller levels can have another form than level 0. */
function isReadHere(layout: PageLayout): boolean {
  const { compression, tileWidth, tileHeight } = layout;
  if (!READ_HERE.includes(compression) || tileWidth * tileHeight > MOST_TILE_PIXELS) return false;
  return unreadForm(layout) === undefined;
}

/** Finds level 0, the largest page. It is nearly always the first, but some files start with the label or the glass. */
function largestOf(pages: readonly Page[]): { readonly page: Page; readonly base: PageLayout | undefined } {
  const all = pages.map((page) => ({ page, base: layoutOf(page.tags) }));
  const pixels = ({ base }: (typeof all)[number]) => (base ? base.width * base.height : 0);
  return all.reduce((largest, one) => (pixels(one) > pixels(largest) ? one : largest));
}

/** Level 0, then the pages that may be smaller copies: its sub-pages in OME's files, else the other pages. */
function levelPages(page: Page, pages: readonly Page[], ome: OmePixels | undefined): PageLayout[] {
  const layoutsOf = (all: readonly Tags[]) => all.flatMap((tags) => layoutOf(tags) ?? []);
  const base = layoutsOf([page.tags]);
  if (page.subPages.length > 0) return [...base, ...layoutsOf(page.subPages)];
  const beside = layoutsOf(pages.filter((other) => other !== page).map(({ tags }) => tags));
  return [...base, ...beside.filter(({ width, height }) => !ome?.isPicture(width, height))];
}

function levelOf(base: PageLayout, layout: PageLayout): SlideLevel {
  const { width, height, tileWidth, tileHeight } = layout;
  return { width, height, downsample: downsampleOf(base, layout), tileWidth, tileHeight };
}

function profileOf(tags: Tags): Buffer | undefined {
  const bytes = tags.get(TAG.profile);
  return bytes instanceof Uint8Array ? Buffer.from(bytes) : undefined;
}

/** The name of a vendor's format whose pages have another meaning and which needs a reader of its own. */
function foreignFormat(tags: Tags): string | undefined {
  if (numbers(tags, TAG.ndpi).length > 0) return "a Hamamatsu NDPI file";
  const description = text(tags, TAG.description);
  if (/<scn[\s>]/i.test(description)) return "a Leica SCN file";
  // The tiles of these two overlap.
  if (/<iScan[\s>]/.test(text(tags, TAG.xmp))) return "a Ventana file";
  if (text(tags, TAG.software).startsWith("MedScan")) return "a Trestle file";
  return /<DataObject[^<>]*ObjectType="DPUfsImport"/.test(description) ? "a Philips file" : undefined;
}
