/**
 * @module The cost of augmentation: each kind on batches of 64 tiles of 224x224, in milliseconds of one core and as a share of
 * a training step, against torchvision's transform of the same kind on uint8 tensors with one thread; and the cost of the
 * stain normalizers per tile. Every tile is changed, but only every fifth is blurred, as in training. Medians. The tiles are
 * synthetic; real tiles have more colours, so the normalizers are also measured on the images below the directory
 * `HISTO_BENCH_DATA` where it is set.
 */
import { join } from "node:path";
import { findImages } from "../src/dataset/image-files";
import { TilePainter } from "../src/dataset/synthetic/index";
import {
  AUGMENTATIONS,
  augmentationNamed,
  createAugmentation,
  decodeImage,
  fitStain,
  type StainMethod,
  stainNormalizer,
} from "../src/image/index";
import type { BenchmarkContext, Measured } from "./benchmark";
import { median } from "./median";
import { measurePeer, type ProcessTime } from "./processes";
import { torchPython } from "./python-peers";

const SIZE = 224;
const BATCH = 64;
/** Target time of a step of the reference network (150528-2352-2352-294-1, batch 64), in milliseconds. */
const STEP = 400;
/** At most this many images of `HISTO_BENCH_DATA` are used. */
const REAL_TILES = 200;
/** Rounds over all tiles before a normalizer is timed, and measurements per tile. */
const [WARM_UP, REPEATS] = [3, 9];
const METHODS: readonly StainMethod[] = ["reinhard", "macenko", "vahadane"];

type Costs = Readonly<Record<string, number>>;

/** @throws {HistoError} `PEER_MISSING` where torchvision cannot be installed */
export async function run({ progress, budget, quick }: BenchmarkContext): Promise<Measured> {
  const python = await torchPython("torchvision", "pillow");
  const size = quick ? 32 : SIZE;
  const [rounds, batches] = quick ? [1, 2] : [3, 15];
  const painter = new TilePainter(1, size);
  const tiles = Array.from({ length: BATCH }, (_, index) => painter.paint({ index, severity: index / BATCH }));
  const real = await realTiles(process.env.HISTO_BENCH_DATA, size);
  const ours: Costs[] = [];
  const oursOnReal: Costs[] = [];
  const peers: Costs[] = [];
  await budget.rounds(rounds, async (round) => {
    ours.push({ ...augmentationCosts(tiles, size, batches), ...normalizerCosts(tiles) });
    oursOnReal.push(costsOnReal(real));
    peers.push(await peerCosts({ budget }, python, size, batches));
    const own = rounded({ ...ours.at(-1), ...oursOnReal.at(-1) });
    progress.say(`round ${round + 1}: ours ${own}, torchvision ${rounded(peers.at(-1))}`);
  });
  const [own, peer] = [medians(ours), medians(peers)];
  const named = (label: string, costs: Costs, names: readonly string[], scale = 1) =>
    Object.fromEntries(names.map((name) => [`${name} ${label}`, (costs[name] as number) * scale]));
  const shared = AUGMENTATIONS.filter((name) => peer[name] !== undefined);
  const total = (costs: Costs) => shared.reduce((sum, name) => sum + (costs[name] as number), 0);
  return {
    name: "augment",
    ours: {
      ...named("ms a batch", own, AUGMENTATIONS),
      ...named(`% of a step of ${STEP} ms`, own, AUGMENTATIONS, 100 / STEP),
      ...named("ms a tile", own, METHODS),
      ...medians(oursOnReal),
    },
    peer: { name: "torchvision, one thread", ...named("ms a batch", peer, shared) },
    ratio: total(peer) / total(own),
  };
}

function augmentationCosts(tiles: readonly Uint8Array[], size: number, batches: number): Costs {
  const work = tiles.map((tile) => tile.slice());
  return Object.fromEntries(
    AUGMENTATIONS.map((name) => {
      const change = createAugmentation(augmentationNamed(name), 1);
      const times = Array.from({ length: batches }, (_, epoch) => {
        for (const [i, tile] of tiles.entries()) work[i]?.set(tile);
        return cpuMilliseconds(() => {
          for (const [i, tile] of work.entries()) change?.(tile, size, epoch, i);
        });
      });
      return [name, median(times)];
    }),
  );
}

function normalizerCosts(tiles: readonly Uint8Array[]): Costs {
  return Object.fromEntries(METHODS.map((method) => [method, median(tileCosts(method, tiles))]));
}

function costsOnReal(tiles: readonly Uint8Array[]): Costs {
  if (tiles.length === 0) return {};
  return Object.fromEntries(
    METHODS.flatMap((method) => {
      const costs = tileCosts(method, tiles);
      return [
        [`${method} ms a tile, of ${tiles.length} real ones`, median(costs)],
        [`${method} ms for the costliest of them`, Math.max(...costs)],
      ];
    }),
  );
}

/**
 * The cost of normalizing each tile into memory that is allocated already: median of nine. Three rounds over all tiles come
 * first, so that the first tiles do not pay for the compiler.
 */
function tileCosts(method: StainMethod, tiles: readonly Uint8Array[]): number[] {
  const into = new Uint8Array(tiles[0]?.length ?? 0);
  const reference = tiles.find((tile) => canFit(method, tile)) as Uint8Array;
  const normalize = stainNormalizer(fitStain(method, reference));
  for (let round = 0; round < WARM_UP; round++) for (const tile of tiles) normalize(tile, into);
  return tiles.map((tile) =>
    median(Array.from({ length: REPEATS }, () => cpuMilliseconds(() => normalize(tile, into)))),
  );
}

function canFit(method: StainMethod, tile: Uint8Array): boolean {
  try {
    return Boolean(fitStain(method, tile));
  } catch {
    return false;
  }
}

async function realTiles(directory: string | undefined, size: number): Promise<Uint8Array[]> {
  if (!directory) return [];
  const names = (await findImages(directory)).images.slice(0, REAL_TILES);
  return Promise.all(names.map((name) => decodeImage(join(directory, name), { size })));
}

function cpuMilliseconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const PEER = `
import json, random, sys, time
import torch
from torchvision.transforms import v2
torch.set_num_threads(1)
size, batches = int(sys.argv[1]), int(sys.argv[2])
def turned(image):
    view = random.randrange(8)
    if view & 4: image = image.transpose(1, 2)
    if view & 2: image = image.flip(1)
    if view & 1: image = image.flip(2)
    return image.contiguous()
kinds = {
    "dihedral": turned,
    "crop": v2.RandomResizedCrop(size, scale=(0.7, 1), ratio=(1, 1), antialias=False),
    "jitter": v2.ColorJitter(0.1, 0.15, 0.15, 6 / 360),
    "blur": v2.RandomApply([v2.GaussianBlur(7, (0.12, 1.2))], p=0.2),
}
tiles = torch.randint(0, 256, (${BATCH}, 3, size, size), dtype=torch.uint8)
costs = {}
for name, change in kinds.items():
    times = []
    for _ in range(batches):
        began = time.process_time()
        for tile in tiles: change(tile)
        times.append(1000 * (time.process_time() - began))
    costs[name] = sorted(times)[len(times) // 2]
print(json.dumps(costs))
`;

function peerCosts(time: ProcessTime, python: string, size: number, batches: number): Promise<Costs> {
  return measurePeer<Costs>(time, python, ["-W", "ignore", "-c", PEER, String(size), String(batches)]);
}

function medians(rounds: readonly Costs[]): Costs {
  const names = Object.keys(rounds[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name] as number))]));
}

function rounded(costs: Costs = {}): string {
  return Object.entries(costs)
    .map(([name, value]) => `${name} ${value.toFixed(1)}`)
    .join(", ");
}
