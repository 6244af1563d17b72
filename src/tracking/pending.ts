/** @module How much of a journal is still to be sent. */
import { readJournal } from "./journal";

/** Journal offsets up to which records and artifacts have been delivered. */
export interface Delivered {
  readonly records: number;
  readonly artifacts: number;
}

/** The number of events behind these offsets; 0 for a journal that cannot be read. */
export async function countPending(journal: string, { records, artifacts }: Delivered): Promise<number> {
  let count = 0;
  try {
    for (let offset = Math.min(records, artifacts); ; ) {
      const { entries, end } = await readJournal(journal, offset);
      for (const { event, start } of entries) {
        const sent = event.type === "artifact" ? artifacts : records;
        if (start >= sent && event.type !== "run") count++;
      }
      if (end === offset) return count;
      offset = end;
    }
  } catch {
    return count;
  }
}
