/** @module Files: atomic writes, hashes, locks, JSON and tensors on disk, and the project's folders. */
import { tryLock } from "./lock.cjs";

export {
  AtomicFile,
  removeAbandoned,
  syncDirectory,
  writeAtomically,
  writeFileAtomically,
  writeFolderAtomically,
  writeFully,
  writeJson,
  writeOnce,
} from "./atomic";
export {
  bytesIn,
  Folder,
  isDirectory,
  isStream,
  makeDirectory,
  makeOutputFolder,
  makeScratchFolder,
  mustBeReplaceable,
  mustBeWritable,
  removeEmpty,
  type ScratchFolder,
} from "./directory";
export { csvField, csvForeignText, parseDecimal } from "./fields";
export { sha256, sha256File, sha256FileInThread } from "./hash";
export { hasImageExtension, hasOtherExtension, IMAGE_EXTENSIONS, ImageNames } from "./image-names";
export { tryLock } from "./lock.cjs";
export { descriptorOf, shortName } from "./named-file";
export { cacheDirectory, projectPython, projectRoot, projectVersion } from "./project";
export { readJson, readOrEmpty } from "./read";
export { bytesOf, SafetensorsFile, sizeOf, type TensorToWrite, writeSafetensors } from "./safetensors";

/**
 * Takes the lock `path` against other processes of this machine.
 * @param path in an existing folder
 * @param refusal makes the error from the id of the process that has the lock
 * @returns a function that releases the lock
 */
export async function takeLock(path: string, refusal: (holder: number) => Error): Promise<() => void> {
  const { release, holder } = await tryLock(path);
  if (release) return release;
  throw refusal(holder);
}
