/** @module The sending side of a process: one sender per open spool, controlled by messages. Runs in a worker thread. */
import { Mlflow } from "../client/mlflow";
import type { ConnectionSettings } from "../client/settings";
import { toWireNumber } from "../client/values";
import { Journal } from "./journal";
import type { Notice, Patience } from "./retry-policy";
import { SpoolDirectory } from "./spool-directory";
import { SpoolSender } from "./spool-sender";
import type { SpoolSenderReport } from "./spool-sender-report";
import { SystemSampler } from "./system-metrics";

/** Requests that take longer than this are retried. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The id of the `startRun` call that a command or message belongs to. */
interface Addressed {
  readonly id: number;
}

export interface OpenCommand extends Addressed {
  readonly kind: "open";
  readonly directory: string;
  /** Resolved by the caller, because this thread's copy of the environment does not change after its start. */
  readonly settings: ConnectionSettings;
  readonly fresh: boolean;
  /** Interval of `system/*` metrics; 0 for none. */
  readonly systemMetricsMs: number;
  /** Start of the run. Steps of system metrics count from there, also after a restart. */
  readonly startTime: number;
}

interface CloseCommand extends Addressed {
  readonly kind: "close";
  readonly patience: Patience;
}

export type SpoolSenderCommand = OpenCommand | CloseCommand;

export interface SpoolSenderMessage extends Addressed {
  readonly notice?: Notice;
  /** The sender has ended. */
  readonly report?: SpoolSenderReport;
}

interface Current {
  /** The last `startRun` of this directory, which receives the messages. */
  id: number;
  readonly sender: SpoolSender;
  readonly stopSampling: () => void;
  created?: Notice;
  closing: boolean;
  /** Starts once the sender has ended. */
  next?: OpenCommand;
  nextClose?: CloseCommand;
}

export class SpoolSenderService {
  /** By directory. */
  private readonly current = new Map<string, Current>();

  constructor(private readonly send: (message: SpoolSenderMessage) => void) {}

  handle(command: SpoolSenderCommand): void {
    if (command.kind === "open") this.open(command);
    else this.close(command);
  }

  private open(command: OpenCommand): void {
    const { directory, id } = command;
    const current = this.current.get(directory);
    if (current?.closing) {
      if (current.next) this.replaced(current.next.id, directory);
      current.next = command;
    } else if (current) {
      // Started again without an end, for example by running a notebook cell twice: the same journal continues.
      this.replaced(current.id, directory);
      current.id = id;
      if (current.created) this.send({ id, notice: current.created });
    } else this.begin(command);
  }

  private close(command: CloseCommand): void {
    for (const current of this.current.values()) {
      if (current.next?.id === command.id) current.nextClose = command;
      if (current.id !== command.id) continue;
      current.closing = true;
      current.stopSampling();
      current.sender.close(command.patience);
    }
  }

  private begin(command: OpenCommand): void {
    const { directory, id, settings } = command;
    const timeoutMs = Math.min(settings.timeoutMs, REQUEST_TIMEOUT_MS);
    const client = new Mlflow({ ...settings, maxRetries: 0, timeoutMs });
    const spool = new SpoolDirectory(directory);
    const notify = (notice: Notice) => {
      if (notice.kind === "created") current.created = notice;
      this.send({ id: current.id, notice });
    };
    const current: Current = {
      id,
      sender: new SpoolSender(spool, client, notify, command.fresh),
      stopSampling: command.systemMetricsMs > 0 ? sampleInto(spool, command) : () => undefined,
      closing: false,
    };
    this.current.set(directory, current);
    void current.sender.run().then((report) => {
      current.stopSampling();
      client.close();
      this.current.delete(directory);
      this.send({ id: current.id, report });
      if (current.next) this.begin(current.next);
      if (current.nextClose) this.close(current.nextClose);
    });
  }

  private replaced(id: number, directory: string): void {
    const problem = "this run was restarted in the same directory, and continues there";
    this.send({ id, report: { directory, server: "", complete: false, pending: 0, rejected: 0, problem } });
  }
}

/**
 * Samples the machine into a journal until the returned function is called. A sample that fails (a full disk) is skipped,
 * because it must not end the thread, which sends for all runs.
 */
function sampleInto(
  spool: SpoolDirectory,
  { systemMetricsMs, startTime }: { systemMetricsMs: number; startTime: number },
): () => void {
  const sampler = new SystemSampler();
  let journal: Journal | undefined;
  let open = true;
  const take = async () => {
    const sample = await sampler.sample();
    if (!open) return;
    const now = Date.now();
    const step = Math.round((now - startTime) / systemMetricsMs);
    const values = Object.entries(sample);
    journal ??= new Journal(spool);
    journal.append({
      type: "metrics",
      points: values.map(([name, value]) => [`system/${name}`, toWireNumber(value), now, step]),
    });
  };
  const timer = setInterval(() => void take().catch(() => undefined), systemMetricsMs).unref();
  return () => {
    open = false;
    clearInterval(timer);
    journal?.close();
  };
}
