/**
 * @module The SHA-256 of a run's artifacts, stored as an artifact in the format of `sha256sum`, because MLflow has no checksums.
 * After a download, `sha256sum -c artifacts.sha256` checks everything.
 */

/** Artifact path of the list. */
export const CHECKSUM_FILE = "artifacts.sha256";

/** Artifact path to lower-case hex. */
export type Checksums = Map<string, string>;

export function parseChecksums(text: string): Checksums {
  const lines = text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm);
  return new Map([...lines].map(([, sha256 = "", path = ""]) => [path, sha256]));
}

export function formatChecksums(checksums: Checksums): string {
  return [...checksums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, sha256]) => `${sha256}  ${path}\n`)
    .join("");
}
