/** @module Images under a prefix of an S3 bucket, cached in memory. */
import { addAbortSignal, type Readable } from "node:stream";
import { GetObjectCommand, ListObjectsV2Command, NoSuchKey, S3Client } from "@aws-sdk/client-s3";
import { InputError } from "../../../src/errors/index";
import { ImageNames } from "../../../src/files/index";
import { type MemoryShare, Problem } from "../http/index";
import { TtlCache } from "../ttl-cache";
import { checkImageName, type ImageEntry, type ImageSource, isImageName, readMeant } from "./image-source";

/** Largest number of names in a listing for users. */
const MAX_LISTED = 10_000;
const LIST_SECONDS = 300;
/** How long an image is cached: another one may be stored under its name. */
const CACHED_SECONDS = 60;

const READ_MS = 30_000;

interface S3ImagesOptions {
  readonly maxBytes?: number;
  readonly readMs?: number;
  /** A client with other endpoint or credentials than the SDK finds in the environment. */
  readonly client?: S3Client;
}

/** Images of a bucket. The AWS SDK takes region, credentials and endpoint from the environment. */
export class S3Images implements ImageSource {
  readonly kind = "s3";
  private readonly client: S3Client;
  private readonly cache: ByteCache;
  private readonly maxBytes: number;
  private readonly readMs: number;
  private readonly listing = new TtlCache(LIST_SECONDS, () => this.listAll());
  /** Empty for a bucket that is not completely listed, because another image could be meant. */
  private readonly index = new TtlCache(LIST_SECONDS, async () => {
    const listed = await this.list();
    return new ImageNames(listed.length < MAX_LISTED ? listed.map(({ name }) => name) : []);
  });

  constructor(
    private readonly bucket: string,
    private readonly prefix: string,
    options: S3ImagesOptions = {},
  ) {
    this.maxBytes = options.maxBytes ?? 10 * 2 ** 20;
    this.readMs = options.readMs ?? READ_MS;
    this.cache = new ByteCache(64 * 2 ** 20, CACHED_SECONDS);
    this.client = options.client ?? new S3Client({ maxAttempts: 3, forcePathStyle: !!process.env.AWS_ENDPOINT_URL_S3 });
  }

  /** Parses `s3://bucket/prefix`. @throws {InputError} `IMAGES_URL_INVALID` */
  static parse(url: string, options: S3ImagesOptions = {}): S3Images {
    const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(url);
    if (!match) throw new InputError("IMAGES_URL_INVALID", `${url} is not of the form s3://bucket/prefix.`);
    const prefix = (match[2] ?? "").replace(/\/*$/, "");
    return new S3Images(match[1] as string, prefix && `${prefix}/`, options);
  }

  get label(): string {
    return this.bucket;
  }

  /** Only counts memory of images that are not cached, and only once for simultaneous requests. */
  async read(name: string, memory?: MemoryShare): Promise<Uint8Array> {
    const read = (exact: string) => this.cache.get(exact, () => this.fetch(exact, memory));
    return readMeant(checkImageName(name), read, () => this.index.get());
  }

  list(): Promise<readonly ImageEntry[]> {
    return this.listing.get();
  }

  /** @throws {Problem} `IMAGE_SOURCE_UNAVAILABLE` */
  async *names(): AsyncGenerator<string> {
    let token: string | undefined;
    do {
      const query = new ListObjectsV2Command({ Bucket: this.bucket, Prefix: this.prefix, ContinuationToken: token });
      const page = await this.client
        .send(query, { abortSignal: AbortSignal.timeout(10_000) })
        .catch((cause: unknown) => {
          throw new Problem("IMAGE_SOURCE_UNAVAILABLE", undefined, {}, { cause });
        });
      for (const { Key } of page.Contents ?? []) {
        const name = Key?.slice(this.prefix.length) ?? "";
        if (isImageName(name)) yield name;
      }
      token = page.NextContinuationToken;
    } while (token);
  }

  close(): void {
    this.client.destroy();
  }

  private async fetch(name: string, memory?: MemoryShare): Promise<Uint8Array> {
    try {
      const object = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: this.prefix + name }), {
        abortSignal: AbortSignal.timeout(10_000),
      });
      // The signal of the request ends with the headers; all who ask for the image would wait for a body that stops.
      if (object.Body) addAbortSignal(AbortSignal.timeout(this.readMs), object.Body as Readable);
      const length = object.ContentLength ?? 0;
      try {
        if (length > this.maxBytes) throw new Problem("IMAGE_TOO_LARGE");
        memory?.take(length);
      } catch (problem) {
        (object.Body as { destroy?: () => void } | undefined)?.destroy?.();
        throw problem;
      }
      return (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (error instanceof Problem) throw error;
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
      if (error instanceof NoSuchKey || status === 404) throw new Problem("IMAGE_NOT_FOUND");
      throw new Problem("IMAGE_SOURCE_UNAVAILABLE", undefined, {}, { cause: error });
    }
  }

  private async listAll(): Promise<readonly ImageEntry[]> {
    const entries: ImageEntry[] = [];
    for await (const name of this.names()) {
      entries.push({ name });
      if (entries.length === MAX_LISTED) break;
    }
    return entries;
  }
}

/** Caches loaded bytes for some time, and loads each key only once for simultaneous calls. */
export class ByteCache {
  private readonly entries = new Map<string, { readonly bytes: Uint8Array; readonly until: number }>();
  private readonly loading = new Map<string, Promise<Uint8Array>>();
  private bytes = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly seconds: number,
  ) {}

  /** The bytes of a key. Does not cache failures. */
  async get(key: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.entries.get(key);
    if (known) {
      this.entries.delete(key);
      if (known.until > performance.now()) {
        this.entries.set(key, known);
        return known.bytes;
      }
      this.bytes -= known.bytes.length;
    }
    let pending = this.loading.get(key);
    if (!pending) {
      pending = load()
        .then((bytes) => this.store(key, bytes))
        .finally(() => this.loading.delete(key));
      this.loading.set(key, pending);
    }
    return pending;
  }

  private store(key: string, bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.maxBytes / 4) return bytes;
    this.entries.set(key, { bytes, until: performance.now() + 1000 * this.seconds });
    this.bytes += bytes.length;
    for (const [oldest, old] of this.entries) {
      if (this.bytes <= this.maxBytes) break;
      this.entries.delete(oldest);
      this.bytes -= old.bytes.length;
    }
    return bytes;
  }
}
