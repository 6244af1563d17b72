/**
 * @module Stores the answers of a slide's tiles while it is predicted, one line per block, so that a killed process loses only the
 * current blocks. The first line identifies the work.
 */
import { type FileHandle, open } from "node:fs/promises";
import { InputError, messageOf } from "../errors/index";
import { readOrEmpty, sha256, writeFileAtomically } from "../files/index";
import type { BlockAnswer } from "./tile-predictor";

/** Everything that the answers depend on: a journal is reused only if all of it is equal. Plain data. */
export type JournalIdentity = Readonly<Record<string, unknown>>;

/** The predictions of a block, and `inDistribution` of the readable ones among its tiles to compare with the training tiles. */
interface KeptAnswer extends BlockAnswer {
  readonly inDistribution: readonly number[];
}

interface Line {
  /** Mark of the work, see {@link markOf}. */
  readonly of: string;
  readonly block: number;
  /** Little-endian float32 in base64. */
  readonly logits: string;
  readonly inDistribution: readonly number[];
  readonly problems: readonly string[];
}

export class Journal {
  private constructor(
    private readonly file: FileHandle,
    private readonly mark: string,
    /** Answers of blocks by number. */
    readonly answers: Map<number, KeptAnswer>,
  ) {}

  /**
   * Opens a new or an existing journal.
   * @param resume continue an existing journal
   * @throws {InputError} `SLIDE_RESUME_OTHER` for other work, `SLIDE_UNFINISHED` for unfinished work without `resume`
   */
  static async open(path: string, identity: JournalIdentity, resume: boolean): Promise<Journal> {
    const head = JSON.stringify(identity);
    const content = await readOrEmpty(path).catch((error: unknown) => {
      throw new InputError("SLIDE_OUT_UNUSABLE", `${path} cannot be read: ${messageOf(error)}`, { cause: error });
    });
    const [first, ...rest] = content.split("\n");
    // The last part is empty or an incomplete line, because complete lines end with a line break.
    const lines = rest.slice(0, -1);
    if (content.includes("\n") && lines.length > 0) {
      if (first !== head) {
        const message = `${path} is of other work (${differing(first as string, identity)}): choose another --out, or remove the file.`;
        throw new InputError("SLIDE_RESUME_OTHER", message);
      }
      if (!resume) {
        const message = `${path} has unfinished work: add --resume to continue, or remove the file to start again.`;
        throw new InputError("SLIDE_UNFINISHED", message);
      }
    }
    const answers = new Map<number, KeptAnswer>();
    let kept = `${head}\n`;
    const mark = markOf(head);
    for (const line of first === head ? lines : []) {
      const answer = parseLine(line);
      if (!answer) break;
      // Another process may have written into the same folder at the same time.
      if (answer.of !== mark) continue;
      answers.set(answer.block, answer);
      kept += `${line}\n`;
    }
    // In one step, so that a kill leaves the old lines or the new ones.
    if (content !== kept) await writeFileAtomically(path, kept);
    return new Journal(await open(path, "a"), mark, answers);
  }

  /** Adds a block's answer and syncs it to disk. */
  async add(block: number, answer: KeptAnswer): Promise<void> {
    const logits = Buffer.alloc(4 * answer.logits.length);
    for (const [i, logit] of answer.logits.entries()) logits.writeFloatLE(logit, 4 * i);
    const { inDistribution, problems } = answer;
    const line: Line = { of: this.mark, block, logits: logits.toString("base64"), inDistribution, problems };
    await this.file.appendFile(`${JSON.stringify(line)}\n`);
    await this.file.datasync();
    this.answers.set(block, answer);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** A short mark of the work for each line. */
function markOf(head: string): string {
  return sha256(head).slice(0, 8);
}

function parseLine(line: string): (KeptAnswer & Pick<Line, "of" | "block">) | undefined {
  try {
    const { of, block, logits, inDistribution, problems } = JSON.parse(line) as Line;
    const bytes = Buffer.from(logits, "base64");
    return {
      of,
      block,
      logits: Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i)),
      inDistribution,
      problems,
    };
  } catch {
    return undefined;
  }
}

function differing(line: string, identity: JournalIdentity): string {
  try {
    const before = JSON.parse(line) as JournalIdentity;
    const names = Object.keys({ ...before, ...identity });
    return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(identity[name])).join(", ");
  } catch {
    return "its first line is damaged";
  }
}
