/** @module Files: atomic writes, hashes, locks, JSON and tensors on disk, and the project's folders. */

export {
  AtomicFile,
  removeAbandoned,
  syncDirectory,
  writeAtomically,
  writeFileAtomically,
  writeFolderAtomically,
  writeJson,
  writeOnce,
} from "./atomic";
export { csvField, csvForeignText } from "./csv";
export { isDirectory, makeDirectory } from "./directory";
export { sha256, sha256File } from "./hash";
export { sha256FileInThread } from "./hash-thread";
export { hasImageExtension, hasOtherExtension, IMAGE_EXTENSIONS, ImageNames } from "./image-names";
export { readJson } from "./json";
export { isAlive, tryLock } from "./lock.cjs";
export { parseDecimal } from "./number";
export { cacheDirectory, projectPython, projectRoot, projectVersion } from "./project";
export { bytesOf, SafetensorsFile, sizeOf, type TensorToWrite, writeSafetensors } from "./safetensors";
export { takeLock } from "./take-lock";
export { readOrEmpty } from "./text";
export { mustBeWritable } from "./writable";
export { writeFully } from "./write-fully";
