/** @module The names of a run's metrics, parameters and tags on the server: one for each key. */
import { createHash } from "node:crypto";
import { cleanKey, cut } from "../client/values";

/** Room for the hash within the 250 characters of a key. */
const STEM_LENGTH = 240;

export class KeyNames {
  /** The first key with each name. */
  private readonly keys = new Map<string, string>();

  /** A name that the server accepts. If another key has the same name already, a hash is added. */
  nameOf(key: string): string {
    const name = cleanKey(key);
    const first = this.keys.get(name) ?? key;
    this.keys.set(name, first);
    if (first === key) return name;
    return `${cut(name, STEM_LENGTH)}_${createHash("sha1").update(key).digest("hex").slice(0, 8)}`;
  }
}
