/** @module A thread of {@link TileDecoder}. */
import { parentPort, workerData } from "node:worker_threads";
import { type DecodeAnswer, type DecodeRequest, decodeTiles, type TilePreparation } from "./decode-threads";

const preparation = workerData as TilePreparation;

parentPort?.on("message", async ({ id, files, slab }: DecodeRequest) => {
  const tiles = await decodeTiles(files, slab, preparation);
  parentPort?.postMessage({ id, tiles, slab } satisfies DecodeAnswer, [slab]);
});
