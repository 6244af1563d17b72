/** @module How much of a journal is still to be sent. */
import { loadJson } from "./durable-json";
import { type Delivered, readJournal, reliableOffsets } from "./journal";
import type { SpoolDirectory } from "./spool-directory";
import type { SpoolSenderReport } from "./spool-sender-report";

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

/** The report with what was logged after a sender had stopped counted too. */
export async function wholeReport(spool: SpoolDirectory, report: SpoolSenderReport): Promise<SpoolSenderReport> {
  if (report.complete || report.server === "") return report;
  const state = await loadJson<Delivered & { server: string }>(spool.state);
  const delivered = state?.server === report.server ? state : { records: 0, artifacts: 0 };
  return { ...report, pending: await countPending(spool.journal, delivered) };
}
