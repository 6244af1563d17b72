/** @module How much of a journal is still to be sent. */
import { type Delivered, readJournal, reliableOffsets } from "./journal";

/** The number of events behind these offsets; 0 for a journal that cannot be read. */
export async function countPending(journal: string, delivered: Delivered): Promise<number> {
  let count = 0;
  try {
    const { records, artifacts } = await reliableOffsets(journal, delivered);
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
