/** @module Files: atomic writes, hashes, locks, JSON and tensors on disk, and the project's folders. */
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
  Folder,
  isDirectory,
  makeDirectory,
  makeOutputFolder,
  mustBeReplaceable,
  mustBeWritable,
  removeEmpty,
} from "./directory";
export { csvField, csvForeignText, parseDecimal } from "./fields";
export { sha256, sha256File, sha256FileInThread } from "./hash";
export { hasImageExtension, hasOtherExtension, IMAGE_EXTENSIONS, ImageNames } from "./image-names";
export { tryLock } from "./lock.cjs";
export { descriptorOf } from "./named-file";
export { cacheDirectory, projectPython, projectRoot, projectVersion } from "./project";
export { readJson, readOrEmpty } from "./read";
export { bytesOf, SafetensorsFile, sizeOf, type TensorToWrite, writeSafetensors } from "./safetensors";
export { makeScratchFolder, type ScratchFolder } from "./scratch-folder";
export { shortName } from "./short-name";
export { takeLock } from "./take-lock";
