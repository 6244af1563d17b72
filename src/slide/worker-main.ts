/** @module The program of a slide worker: reads and predicts blocks of one slide, isolated from crashes of the others. */
import { Predictor } from "../inference/index";
import { openSource } from "./open-slide";
import { answerMessages } from "./program";
import { predictRegions } from "./tile-predictor";
import type { SlideReader } from "./types";
import type { FromSlideWorker, ToSlideWorker } from "./workers";

let opened: Promise<{ reader: SlideReader; predictor: Predictor }> | undefined;

async function open({ source, model, threads }: Extract<ToSlideWorker, { type: "open" }>) {
  const [reader, predictor] = await Promise.all([
    openSource(source),
    Predictor.open(model, { threads, spinning: false }),
  ]);
  return { reader, predictor };
}

answerMessages(async (message: ToSlideWorker): Promise<FromSlideWorker | undefined> => {
  if (message.type === "open") {
    opened = open(message);
    await opened;
    return undefined;
  }
  const { reader, predictor } = await (opened as NonNullable<typeof opened>);
  const { level, regions, compare } = message;
  const compared: Uint8Array[] = [];
  const answer = await predictRegions(reader, level, regions, predictor, (pixels, place) => {
    if (compare.includes(place)) compared.push(Uint8Array.from(pixels));
  });
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const use = { memory: maxRSS * 1024, processorSeconds: (userCPUTime + systemCPUTime) / 1e6 };
  return { type: "block", block: message.block, ...answer, compared, use };
});
