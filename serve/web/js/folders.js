/** @module Folders of images, dropped or chosen: what is in them, and how it is named. */
import { counted } from "./format.js";

const IMAGE = /\.(png|jpe?g|webp|tiff?)$/i;
/** What file managers leave in folders. */
const LITTER = /^(\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;

/** Paths of files that were dropped within folders, of which the files themselves know nothing. @type {WeakMap<File, string>} */
const paths = new WeakMap();

/** The name of a file; within a folder its path below that folder. @param {File} file */
export function nameOf(file) {
  const path = paths.get(file) ?? file.webkitRelativePath;
  return path.split("/").slice(1).join("/") || path || file.name;
}

/**
 * The images among the files of a folder, in the order of their names, and the names of files that are none (and of folders that
 * cannot be read, with a slash at their end).
 * @param {readonly File[]} given @returns {{files: File[], leftOut: string[]}}
 */
export function imagesIn(given) {
  const isLitter = (/** @type {File} */ file) =>
    nameOf(file)
      .split("/")
      .some((part) => LITTER.test(part));
  const sorted = given
    .filter((file) => !isLitter(file))
    .sort((a, b) => nameOf(a).localeCompare(nameOf(b), "en", { numeric: true }));
  const isImage = (/** @type {File} */ file) => IMAGE.test(nameOf(file));
  return { files: sorted.filter(isImage), leftOut: sorted.filter((file) => !isImage(file)).map(nameOf) };
}

/** What was left out of a folder, in words; empty for nothing. @param {readonly string[]} names */
export function leftOutText(names) {
  const unread = names.filter((name) => name.endsWith("/"));
  const others = names.filter((name) => !name.endsWith("/"));
  return [
    unread.length > 0 && `${counted(unread.length, "folder")} cannot be read: ${listed(unread)}.`,
    others.length > 0 && `Left out, as no images by their names: ${listed(others)}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** The first names of a list. @param {readonly string[]} names */
function listed(names) {
  const most = 5;
  return `${names.slice(0, most).join(", ")}${names.length > most ? ` and ${names.length - most} more` : ""}`;
}

/**
 * The files that were dropped, with those in dropped folders.
 * @param {DataTransfer} transfer of an event that is under way @returns {Promise<{files: File[], isFolder: boolean}>}
 */
export async function filesOf(transfer) {
  // Both have to be asked for before the event is over.
  const dropped = [...transfer.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const found = await Promise.all(
    dropped.map(({ entry, file }) => (entry?.isDirectory ? within(entry) : file ? [file] : [])),
  );
  return { files: found.flat(), isFolder: dropped.some(({ entry }) => entry?.isDirectory) };
}

/**
 * Every file of a folder and of the folders in it; for one that cannot be read (to its end), an empty file with a slash at the end
 * of its name.
 * @param {any} folder @returns {Promise<File[]>}
 */
async function within(folder) {
  const reader = folder.createReader();
  const entries = [];
  const unread = [];
  for (;;) {
    // A hundred at a time, and none when all were given.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => {
      unread.push(named(new File([], folder.name), `${folder.fullPath}/`));
      return [];
    });
    if (some.length === 0) break;
    entries.push(...some);
  }
  const files = await Promise.all(entries.map((entry) => (entry.isDirectory ? within(entry) : fileOf(entry))));
  return [...unread, ...files.flat()];
}

/** @param {any} entry @returns {Promise<File[]>} an empty one where it cannot be read, so that the server says so */
async function fileOf(entry) {
  const file = /** @type {File} */ (
    await new Promise((resolve, reject) => entry.file(resolve, reject)).catch(() => new File([], entry.name))
  );
  return [named(file, entry.fullPath)];
}

/** @param {File} file @param {string} path with a slash before it */
function named(file, path) {
  paths.set(file, path.slice(1));
  return file;
}
