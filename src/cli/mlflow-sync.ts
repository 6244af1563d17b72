/** @module `histo mlflow sync`: sends what runs have logged while the MLflow server was unreachable. */
import { HistoError } from "../errors/index";
import { counted } from "../format/index";
import type { SpoolSenderReport } from "../tracking/index";
import type { CommandDefinition } from "./command";
import { mlflowSchema } from "./mlflow-options";

interface Result {
  readonly spools: number;
  readonly complete: number;
  readonly pending: number;
  readonly runs: readonly SpoolSenderReport[];
}

export const command: CommandDefinition<typeof mlflowSchema, Result> = {
  schema: mlflowSchema,
  configure: (command) => command.argument("[directories...]", "run directories, or folders of them (default: runs)"),
  async run({ trackingUri }, { args, progress, signal }) {
    const { findSpools, syncSpools } = await import("../tracking/index.js");
    const directories: string[] = [];
    for (const directory of args.length > 0 ? args : ["runs"]) directories.push(...(await findSpools(directory)));
    const runs = await syncSpools([...new Set(directories)], {
      ...(trackingUri === undefined ? {} : { trackingUri }),
      signal,
      notify: (directory, notice) => {
        progress.say(`${directory}: ${notice.kind === "created" ? notice.url : notice.message}`);
      },
    });
    const complete = runs.filter((run) => run.complete).length;
    const pending = runs.reduce((sum, run) => sum + run.pending, 0);
    const stuck = runs.find((run) => !run.complete);
    if (stuck && !signal.aborted) {
      throw new HistoError(
        "SYNC_INCOMPLETE",
        `${runs.length - complete} of ${counted(runs.length, "run")} incomplete on ${stuck.server} (${counted(pending, "event")} left): ${stuck.problem}`,
      );
    }
    return { spools: runs.length, complete, pending, runs };
  },
  render: ({ runs }) =>
    runs.length === 0
      ? "Nothing to send."
      : runs.map((run) => `${run.directory}: ${run.complete ? "sent" : "incomplete"} ${run.url ?? ""}`).join("\n"),
};
