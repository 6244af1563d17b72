/** @module Label tables and their contents, without images, for rooms that read other tables. */

export { checkLetters, classKey, classSpelling, notesOnOrder, soundsNegative } from "../classes";
export { IMAGE_COLUMNS } from "../columns";
export { isDrawn, mustBeDataFolder } from "../data-folder";
export { type AcrossPartitions, leakWords, PATIENT_COLUMNS, readGroupColumn } from "../groups";
export { type FoundImages, findImages } from "../image-files";
export { partitionNamed } from "../partitions";
export * from "../table";
export type { Partition, Reading, Votes } from "../types";
