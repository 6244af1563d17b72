/** @module Files out of a multipart form, with limits on everything a form can have many of. */
import { Busboy, type BusboyHeaders } from "@fastify/busboy";
import { Problem } from "./problem";

/** An uploaded file. */
interface UploadedFile {
  /** Name as the client gave it, without folders; null where there was none. */
  readonly filename: string | null;
  readonly bytes: Uint8Array;
}

interface MultipartLimits {
  readonly files: number;
  readonly fileBytes: number;
}

/**
 * Reads the files of one field. Other fields are ignored.
 * @throws {Problem} `REQUEST_MALFORMED`, `TOO_MANY_ITEMS`, `IMAGE_TOO_LARGE`
 */
export function readMultipart(
  body: Uint8Array,
  contentType: string,
  field: string,
  limits: MultipartLimits,
): Promise<UploadedFile[]> {
  return new Promise((resolve, reject) => {
    const fail = (problem: Problem) => reject(problem);
    let parser: InstanceType<typeof Busboy>;
    try {
      parser = new Busboy({
        headers: { "content-type": contentType } as BusboyHeaders,
        // A form without a file name is still an image when it is the image field.
        isPartAFile: (name, type, filename) =>
          name === field || filename !== undefined || type === "application/octet-stream",
        limits: {
          files: limits.files + 1,
          fileSize: limits.fileBytes,
          fields: 16,
          fieldSize: 1024,
          fieldNameSize: 100,
          parts: limits.files + 17,
          headerPairs: 32,
          headerSize: 4096,
        },
      });
    } catch {
      return fail(new Problem("REQUEST_MALFORMED", "The multipart form has no usable boundary."));
    }
    const files: UploadedFile[] = [];
    let count = 0;
    parser.on("file", (name, stream, filename) => {
      // On files that nobody wants too: an error without a listener would end the process.
      stream.on("error", () => fail(new Problem("REQUEST_MALFORMED", "The multipart form is cut off.")));
      if (name !== field) return void stream.resume();
      if (++count > limits.files) {
        stream.resume();
        return fail(new Problem("TOO_MANY_ITEMS", `At most ${limits.files} files are accepted in one request.`));
      }
      const chunks: Uint8Array[] = [];
      const place = count - 1;
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      stream.on("limit", () => {
        fail(new Problem("IMAGE_TOO_LARGE", `A file has more than ${limits.fileBytes} bytes.`));
      });
      stream.on("end", () => {
        files[place] = { filename: safeName(filename), bytes: Buffer.concat(chunks) };
      });
    });
    parser.on("error", () => fail(new Problem("REQUEST_MALFORMED", "The multipart form cannot be read.")));
    parser.on("finish", () => resolve(files));
    parser.end(body);
  });
}

/** A client's file name for showing it again: no folders, no control characters, at most 255 characters. */
function safeName(filename: string | undefined): string | null {
  const base = filename?.split(/[\\/]/).pop() ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return base.replace(/[\u0000-\u001f\u007f]/g, "").slice(0, 255) || null;
}
