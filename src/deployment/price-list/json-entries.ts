/**
 * @module A JSON object read as it arrives: price lists are larger than a string may be, and of most entries nothing is wanted.
 * Gives the members of chosen objects one by one, and the texts of the outermost object.
 */
import { StringDecoder } from "node:string_decoder";

/** A member of a chosen object; `path` names it from the outermost object on. */
export interface JsonEntry {
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * Reads an object and gives the members whose path is as long as a chosen one and begins with it.
 * @param chosen paths of objects whose members are wanted, such as `["terms", "OnDemand"]`; texts of the outermost object come too
 * @throws {SyntaxError} where the bytes are no whole JSON object
 */
export async function* jsonEntries(
  bytes: AsyncIterable<Uint8Array>,
  chosen: readonly (readonly string[])[],
): AsyncGenerator<JsonEntry> {
  const scanner = new Scanner(chosen);
  const decoder = new StringDecoder("utf8");
  for await (const chunk of bytes) {
    yield* scanner.take(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
  }
  yield* scanner.take(decoder.end());
  if (!scanner.isWhole) throw new SyntaxError("it ends in the middle");
}

class Scanner {
  /** Names of the members that are open, outermost first; `depth` counts the brackets. */
  private readonly path: string[] = [];
  private depth = 0;
  private inText = false;
  private escaped = false;
  /** The last text, which may be a name or a value. */
  private text = "";
  private named = false;
  /** What has been read of the entry that is wanted. */
  private entry: string[] | undefined;
  private entryDepth = 0;
  isWhole = false;

  constructor(private readonly chosen: readonly (readonly string[])[]) {}

  *take(chunk: string): Generator<JsonEntry> {
    let entryStart = 0;
    for (let at = 0; at < chunk.length; at++) {
      const char = chunk[at] as string;
      if (this.inText) {
        this.readText(char);
        continue;
      }
      if (char === '"') {
        this.inText = true;
        this.text = "";
      } else if (char === ":") this.name();
      else if (char === "{" || char === "[") {
        if (this.depth++ === 0 && char === "[") throw new SyntaxError("it is no object");
        if (!this.entry && char === "{" && this.isWanted()) {
          this.entry = [];
          this.entryDepth = this.depth;
          entryStart = at;
        }
      } else if (char === "}" || char === "]") {
        if (this.entry && this.depth === this.entryDepth) {
          const text = this.entry.join("") + chunk.slice(entryStart, at + 1);
          this.entry = undefined;
          yield { path: [...this.path], value: JSON.parse(text) };
        } else if (this.depth === 1) yield* this.outermostText();
        this.depth--;
        this.path.length = Math.min(this.path.length, this.depth);
        this.named = false;
        if (this.depth === 0) this.isWhole = true;
      } else if (char === "," && this.depth === 1) yield* this.outermostText();
      else if (this.depth === 0 && !/[\s\uFEFF]/.test(char)) throw new SyntaxError("it is no JSON");
    }
    this.entry?.push(chunk.slice(entryStart));
  }

  private readText(char: string): void {
    if (this.escaped) this.escaped = false;
    else if (char === "\\") this.escaped = true;
    else if (char === '"') {
      this.inText = false;
      return;
    }
    // Only names and the outermost texts are read; an entry is parsed as a whole.
    if (!this.entry) this.text += char;
  }

  private name(): void {
    if (this.entry) return;
    this.path.length = this.depth - 1;
    this.path.push(this.text);
    this.text = "";
    this.named = true;
  }

  private *outermostText(): Generator<JsonEntry> {
    if (this.named && this.path.length === 1 && this.text) yield { path: [...this.path], value: this.text };
    this.named = false;
    this.text = "";
  }

  private isWanted(): boolean {
    const { path } = this;
    return this.chosen.some(
      (parent) =>
        parent.length === path.length - 1 &&
        path.length === this.depth - 1 &&
        parent.every((part, i) => part === path[i]),
    );
  }
}
