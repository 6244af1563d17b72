/**
 * @module Packing against decoding in Python, and reading an epoch against copying memory, in the same run.
 *
 * Our side decodes and hashes every tile and writes it into a new store. The peers only decode: Pillow, as in torchvision's
 * image folders (a `DataLoader` with one worker per core), and torchvision's `decode_image` in as many threads; the faster
 * of the two counts. Rounds alternate; medians.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  type Dataset,
  loadDataset,
  naturalSize,
  type PixelStore,
  packPixels,
  writeSyntheticDataset,
} from "../src/dataset/index";
import { writeJson } from "../src/files/index";
import { Random } from "../src/random/index";
import type { BenchmarkContext, Measured } from "./benchmark";
import { median } from "./median";
import { measurePeer, type ProcessTime } from "./processes";
import { torchPython } from "./python-peers";
import { inTemporaryFolder } from "./temporary-folder";

const IMAGES = 600;
const BATCH = 64;
const ROUNDS = 3;

interface Result extends Measured {
  readonly ours: { readonly imagesPerSecond: number; readonly epochGigabytesPerSecond: number };
  readonly peer: { readonly name: string; readonly imagesPerSecond: number; readonly copyGigabytesPerSecond: number };
  /** Speed of reading an epoch in random batches as a share of copying the same bytes in memory. */
  readonly readOfCopy: number;
}

/** @throws {HistoError} `PEER_MISSING` where torchvision cannot be installed */
export async function run({ progress, budget, quick }: BenchmarkContext): Promise<Result> {
  const python = await torchPython("torchvision", "pillow");
  return inTemporaryFolder(async (directory) => {
    const data = join(directory, "tiles");
    await writeSyntheticDataset({ out: data, images: quick ? 40 : IMAGES });
    const dataset = await loadDataset(data);
    const paths = join(directory, "paths.json");
    await writeJson(
      paths,
      dataset.tiles.map((tile) => tile.path),
    );
    const ours: number[] = [];
    const peers: Record<string, number>[] = [];
    const readings: { epoch: number; copy: number }[] = [];
    await budget.rounds(quick ? 1 : ROUNDS, async (round) => {
      const { store, seconds } = await timePacking(dataset, join(directory, `round-${round}`));
      ours.push(dataset.tiles.length / seconds);
      peers.push(await timePeers({ budget }, python, paths));
      readings.push(timeReading(store));
      store.close();
      progress.say(
        `round ${round + 1}: ours ${ours.at(-1)?.toFixed(0)} images/s, peers ${JSON.stringify(peers.at(-1))}`,
      );
    });
    const medians = Object.keys(peers[0] ?? {}).map((name) => ({
      name,
      imagesPerSecond: median(peers.map((speeds) => speeds[name] as number)),
    }));
    const [peer = { name: "none measured", imagesPerSecond: Number.NaN }] = medians.sort(
      (a, b) => b.imagesPerSecond - a.imagesPerSecond,
    );
    const imagesPerSecond = median(ours);
    const [epoch, copy] = [median(readings.map((r) => r.epoch)), median(readings.map((r) => r.copy))];
    return {
      name: "data",
      ours: { imagesPerSecond, epochGigabytesPerSecond: epoch },
      peer: { ...peer, copyGigabytesPerSecond: copy },
      ratio: imagesPerSecond / peer.imagesPerSecond,
      readOfCopy: epoch / copy,
    };
  });
}

async function timePacking(dataset: Dataset, cacheDirectory: string): Promise<{ store: PixelStore; seconds: number }> {
  const size = await naturalSize(dataset);
  const began = performance.now();
  const { store } = await packPixels(dataset, { size, cacheDirectory });
  return { store, seconds: (performance.now() - began) / 1000 };
}

/** Gigabytes per second of reading an epoch in shuffled batches, and of copying the same bytes in memory. */
function timeReading(store: PixelStore): { epoch: number; copy: number } {
  const each = store.bytesPerImage;
  const order = new Random(1, "bench").permutation(store.names.length);
  const batches = Array.from({ length: Math.ceil(order.length / BATCH) }, (_, i) =>
    order.subarray(i * BATCH, (i + 1) * BATCH),
  );
  const into = new Uint8Array(BATCH * each);
  const memory = new Uint8Array(order.length * each).fill(1);
  const speed = (work: (batch: Uint32Array) => void) => {
    const times = Array.from({ length: 5 }, () => {
      const began = performance.now();
      batches.forEach(work);
      return (performance.now() - began) / 1000;
    });
    return memory.length / median(times) / 1e9;
  };
  const copyBatch = (batch: Uint32Array) =>
    batch.forEach((position, i) => {
      into.set(memory.subarray(position * each, (position + 1) * each), i * each);
    });
  return { epoch: speed((batch) => store.read(batch, into)), copy: speed(copyBatch) };
}

const PEERS = `
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
import torch, torchvision
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets.folder import default_loader
from torchvision.io import ImageReadMode, decode_image, read_file
from torchvision.transforms.functional import pil_to_tensor
paths = json.load(open(sys.argv[1]))
workers = int(sys.argv[2])
class Tiles(Dataset):
    def __len__(self): return len(paths)
    def __getitem__(self, index): return pil_to_tensor(default_loader(paths[index]))
def batches():
    for batch in DataLoader(Tiles(), batch_size=${BATCH}, num_workers=workers, collate_fn=list): pass
def threads():
    torch.set_num_threads(1)
    decode = lambda path: decode_image(read_file(path), ImageReadMode.RGB)
    with ThreadPoolExecutor(workers) as pool:
        for tile in pool.map(decode, paths): pass
def speed(work):
    began = time.perf_counter()
    work()
    return len(paths) / (time.perf_counter() - began)
version = f"torchvision {torchvision.__version__}"
print(json.dumps({f"Pillow in a DataLoader, {version}": speed(batches), f"decode_image, {version}": speed(threads)}))
`;

function timePeers(time: ProcessTime, python: string, paths: string): Promise<Record<string, number>> {
  const argv = ["-W", "ignore", "-c", PEERS, paths, String(availableParallelism())];
  return measurePeer<Record<string, number>>(time, python, argv);
}
