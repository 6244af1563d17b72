/** @module How the first layer of a compact export is kept, in words. It stands apart so that the command line need not load the exporter. */
import type { ModelCard } from "./model-card";

export type Compression = NonNullable<ModelCard["compression"]>;

/** Such as `first layer of rank 64 in 4 bits`. */
export function describeCompression({ rank, bits, pooling = 1 }: Compression): string {
  const form = rank !== null ? ` of rank ${rank}` : pooling > 1 ? ` on averages of ${pooling}x${pooling} pixels` : "";
  return `first layer${form} in ${bits} bits`;
}
