/** @module Starting and continuing runs. */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "../../errors/index";
import { connectionSettings } from "../client/settings";
import { type RunStatus, storableName, storableText } from "../client/values";
import { Journal, lastStatus, type RunEvent, readRunEvent } from "../spool/journal";
import { SpoolDirectory } from "../spool/spool-directory";
import { openSpoolSender } from "../spool/spool-sender-host";
import { ActiveRun } from "./active-run";
import { sourceTags } from "./source-tags";

export interface StartRunOptions {
  /**
   * Name of the experiment, created if it is missing. Default `MLFLOW_EXPERIMENT_NAME`, then the experiment of
   * `MLFLOW_EXPERIMENT_ID`, then `Default`.
   */
  readonly experiment?: string;
  /** Default: the server chooses one. */
  readonly runName?: string;
  /** Also set when a run is continued. */
  readonly tags?: object;
  /** Makes this a nested run. Only plain data of the parent is used, so the parent may be in another process. */
  readonly parent?:
    | (Pick<ActiveRun, "key" | "experiment"> & Partial<Pick<ActiveRun, "experimentId" | "continuedRunId">>)
    | undefined;
  /** The same, for a parent on the server. */
  readonly parentRunId?: string;
  /**
   * Continues a run on the server, whose status is `RUNNING` until it ends again. Default `MLFLOW_RUN_ID`. As in Python, this
   * variable applies only to the first run that is not nested, which removes it from the environment.
   */
  readonly runId?: string;
  /** Directory for events until they are sent. One that already has a run continues that run. Default `mlruns/spool/<key>`. */
  readonly spoolDirectory?: string;
  /**
   * Adds to a run that may have ended. An existing run keeps its status and its end, and so its duration. Has no effect on a
   * new run. Default false.
   */
  readonly amend?: boolean;
  /** Default `MLFLOW_TRACKING_URI`, then http://127.0.0.1:5000. */
  readonly trackingUri?: string | undefined;
  /** Milliseconds between samples of `system/*` metrics, or false. Default 10 s. */
  readonly systemMetrics?: number | false;
  /** How long to wait until the server has created the run and {@link ActiveRun.runUrl} is known. Default 3 s. */
  readonly waitMs?: number;
  /** Receives the messages of tracking. Default: standard error. */
  readonly say?: ((line: string) => void) | undefined;
  /** Whether every run reports an unreachable server, or only one a day on this machine. Default always. */
  readonly absence?: "always" | "daily";
}

/**
 * Starts a run, or continues the one in `spoolDirectory`. The server may be unreachable: everything is in the spool and is
 * sent later.
 * @throws {TrackingInputError} if the address or another `MLFLOW_*` setting is unusable
 */
export async function startRun(options: StartRunOptions = {}): Promise<ActiveRun> {
  const settings = connectionSettings(options.trackingUri);
  const say = options.say ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const newKey = randomUUID();
  const spool = new SpoolDirectory(resolve(options.spoolDirectory ?? join("mlruns", "spool", newKey)));
  const problems: unknown[] = [];
  /** Without a place on the disk, the run itself goes on. */
  const attempt = async (work: () => unknown) => {
    try {
      await work();
    } catch (error) {
      problems.push(error);
    }
  };
  await attempt(() => mkdir(spool.table(""), { recursive: true }));
  const earlier = await readRunEvent(spool.journal);
  const header = earlier ?? (await newRun(newKey, options));
  const journal = new Journal(spool);
  if (earlier?.runId === process.env.MLFLOW_RUN_ID) takeFromEnvironment("MLFLOW_RUN_ID");
  const continues = earlier !== undefined || header.runId !== undefined;
  const amends = options.amend === true && continues;
  if (!earlier) await attempt(() => journal.append(header));
  if (continues && !amends) {
    await attempt(() => journal.append({ type: "status", status: "RUNNING", time: Date.now() }));
  }
  await attempt(() => journal.sync());

  const answered = new AbortController();
  const { systemMetrics = defaultSystemMetrics(), absence = "always" } = options;
  const sender = openSpoolSender(
    {
      directory: spool.path,
      settings,
      fresh: earlier === undefined,
      systemMetricsMs: systemMetrics === false ? 0 : systemMetrics,
      startTime: header.startTime,
    },
    (notice) => {
      run.receive(notice);
      answered.abort();
    },
  );
  const { trackingUri } = settings;
  const run = new ActiveRun({ spool, journal, sender, header, amends, trackingUri, say, absence });
  for (const problem of problems) run.failed(problem);
  if (options.tags) run.setTags(options.tags);
  await sleep(options.waitMs ?? 3000, undefined, { signal: answered.signal }).catch(() => undefined);
  return run;
}

/** The status of the run in a spool directory, as far as it was logged; undefined if there is none. */
export function loggedStatus(spoolDirectory: string): Promise<RunStatus | undefined> {
  return lastStatus(new SpoolDirectory(resolve(spoolDirectory)).journal);
}

/**
 * Runs `work` in a run, which then ends as `FINISHED`, as `KILLED` for {@link Interrupted}, or as `FAILED` for any other error.
 * Rethrows errors.
 */
export async function withRun<T>(options: StartRunOptions, work: (run: ActiveRun) => Promise<T>): Promise<T> {
  const run = await startRun(options);
  try {
    const result = await work(run);
    await run.end("FINISHED");
    return result;
  } catch (error) {
    await run.end(error instanceof Interrupted ? "KILLED" : "FAILED");
    throw error;
  }
}

async function newRun(key: string, options: StartRunOptions): Promise<RunEvent> {
  const startTime = Date.now();
  const { runName, parent, parentRunId = parent?.continuedRunId } = options;
  const nested = parent !== undefined || parentRunId !== undefined;
  const runId = options.runId ?? (nested ? undefined : takeFromEnvironment("MLFLOW_RUN_ID"));
  const { MLFLOW_EXPERIMENT_NAME, MLFLOW_EXPERIMENT_ID } = process.env;
  const name = options.experiment ?? (MLFLOW_EXPERIMENT_NAME || undefined);
  return {
    type: "run",
    key,
    experiment: storableText(name ?? "Default"),
    ...(name === undefined && MLFLOW_EXPERIMENT_ID ? { experimentId: MLFLOW_EXPERIMENT_ID } : {}),
    startTime,
    tags: await sourceTags(),
    ...(runName ? { name: storableName(runName) } : {}),
    ...(runId ? { runId } : {}),
    ...(parentRunId ? { parentRunId } : {}),
    ...(parent ? { parentKey: parent.key, parentExperiment: parent.experiment } : {}),
    ...(parent?.experimentId ? { parentExperimentId: parent.experimentId } : {}),
  };
}

function takeFromEnvironment(variable: string): string | undefined {
  const value = process.env[variable];
  delete process.env[variable];
  return value;
}

function defaultSystemMetrics(): number | false {
  if (/^(false|0)$/i.test(process.env.MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING ?? "")) return false;
  return 1000 * (Number(process.env.MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL) || 10);
}
