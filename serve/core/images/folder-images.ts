/** @module Images in a local folder (or a mounted EFS path). Never reads anything outside the folder. */
import { constants } from "node:fs";
import { type FileHandle, open, readdir, realpath, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { hasErrorCode, InputError } from "../../../src/errors/index";
import { ImageNames } from "../../../src/files/index";
import { type MemoryShare, Problem } from "../http/index";
import { TtlCache } from "../ttl-cache";
import { checkImageName, type ImageEntry, type ImageSource, isImageName, isSlideName, readMeant } from "./image-source";

const MISSING = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EACCES", "EISDIR", "ENXIO"];

/** How long a listing is cached, so that its pages are consistent. */
const LIST_SECONDS = 5;

interface FolderOptions {
  /** Bytes of the largest image that is read. Default: 10 MiB. */
  readonly maxBytes?: number;
  readonly label?: string | undefined;
  readonly unlabelled?: string | undefined;
  readonly drawn?: boolean;
  /** The images and labels of a label table. By default, the folder is listed. */
  readonly known?: readonly ImageEntry[] | undefined;
}

export class FolderImages implements ImageSource {
  readonly kind = "folder";
  readonly unlisted: readonly string[];
  private readonly listing: TtlCache<readonly ImageEntry[]>;
  private readonly index: TtlCache<ImageNames>;

  readonly label: string;
  readonly unlabelled: string | undefined;
  readonly drawn: boolean;
  private readonly maxBytes: number;
  private readonly known: readonly ImageEntry[] | undefined;

  private constructor(
    private readonly root: string,
    { maxBytes = 10 * 2 ** 20, label = basename(root), known, unlabelled, drawn = false }: FolderOptions,
  ) {
    this.label = label;
    this.unlabelled = unlabelled;
    this.drawn = drawn;
    this.maxBytes = maxBytes;
    this.known = known;
    const offered = known?.filter(({ name }) => isImageName(name));
    this.unlisted = (known ?? []).map(({ name }) => name).filter((name) => !isImageName(name));
    this.index = new TtlCache(LIST_SECONDS, async () => new ImageNames((await this.list()).map(({ name }) => name)));
    this.listing = new TtlCache(LIST_SECONDS, async () => offered ?? (await this.listFolder()));
  }

  /** @throws {InputError} `IMAGES_MISSING` */
  static async open(directory: string, options: FolderOptions = {}): Promise<FolderImages> {
    try {
      const root = await realpath(directory);
      await readdir(root);
      return new FolderImages(root, options);
    } catch (error) {
      if (!hasErrorCode(error, ...MISSING)) throw error;
      throw new InputError("IMAGES_MISSING", `The image folder ${directory} does not exist or cannot be read.`);
    }
  }

  async read(name: string, memory?: MemoryShare): Promise<Uint8Array> {
    return readMeant(
      checkImageName(name),
      (exact) => this.readExact(exact, memory),
      () => this.index.get(),
    );
  }

  private async readExact(name: string, memory?: MemoryShare): Promise<Uint8Array> {
    let file: FileHandle | undefined;
    try {
      const path = await realpath(join(this.root, name));
      if (!path.startsWith(this.root + sep)) throw new Problem("IMAGE_NOT_FOUND");
      // The path is real, so that its last part is not a link; NONBLOCK avoids blocking on a FIFO.
      file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const info = await file.stat();
      if (!info.isFile()) throw new Problem("IMAGE_NOT_FOUND");
      if (info.size > this.maxBytes) throw new Problem("IMAGE_TOO_LARGE");
      memory?.take(info.size);
      return await file.readFile();
    } catch (error) {
      if (error instanceof Problem) throw error;
      if (hasErrorCode(error, ...MISSING)) throw new Problem("IMAGE_NOT_FOUND");
      throw new Problem("IMAGE_SOURCE_UNAVAILABLE", undefined, {}, { cause: error });
    } finally {
      await file?.close();
    }
  }

  /** @throws {Problem} `IMAGE_NAME_INVALID`, `IMAGE_NOT_FOUND` */
  async locate(name: string): Promise<string> {
    if (!isSlideName(name)) throw new Problem("IMAGE_NAME_INVALID");
    const path = await realpath(join(this.root, name)).catch(() => "");
    const isInside = path.startsWith(this.root + sep);
    if (!isInside || !(await stat(path)).isFile()) throw new Problem("IMAGE_NOT_FOUND");
    return path;
  }

  async slides(): Promise<readonly string[]> {
    // PNG, JPEG and WebP files are mostly tiles and not listed; large ones can be requested.
    return (await this.listFiles()).filter((name) => isSlideName(name) && !/\.(png|jpe?g|webp)$/i.test(name)).sort();
  }

  list(): Promise<readonly ImageEntry[]> {
    return this.listing.get();
  }

  /** All names of a label table, so that programs that read all images can report unreadable ones. */
  async *names(): AsyncGenerator<string> {
    for (const { name } of this.known ?? (await this.list())) yield name;
  }

  close(): void {}

  private async listFolder(): Promise<readonly ImageEntry[]> {
    return (await this.listFiles())
      .filter(isImageName)
      .sort()
      .map((name) => ({ name }));
  }

  /** @throws {Problem} `IMAGE_SOURCE_UNAVAILABLE` */
  private async listFiles(): Promise<string[]> {
    const entries = await readdir(this.root, { withFileTypes: true, recursive: true }).catch((cause: unknown) => {
      throw new Problem("IMAGE_SOURCE_UNAVAILABLE", undefined, {}, { cause });
    });
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return paths.map((path) =>
      path
        .slice(this.root.length + 1)
        .split(sep)
        .join("/"),
    );
  }
}
