/** @module The project's errors: each has a stable code, a message that says what to do, and an exit status. */

/** What an error holds beside its message. */
interface HistoErrorOptions extends ErrorOptions {
  /** The message for a client of the server, who has fields of a request and no options of a command. Default: the message. */
  readonly toClient?: string | undefined;
  /** The message for commands with an option that is of help. Default: the message. */
  readonly ifOption?: HistoError["ifOption"];
}

/** An expected failure. `message` is one line for the user; `code` is stable and may be matched by programs. */
export class HistoError extends Error {
  /** Exit status of a command that ends with this error. */
  readonly exitStatus: number = 1;
  /** The message for a client of the server. */
  readonly toClient: string;
  /** The message for commands with an option that is of help. */
  readonly ifOption: { readonly option: string; readonly message: string } | undefined;

  constructor(
    /** Stable, upper-case identifier such as `DATA_IMAGE_UNREADABLE`. */
    readonly code: string,
    message: string,
    { toClient = message, ifOption, ...options }: HistoErrorOptions = {},
  ) {
    super(message, options);
    this.name = new.target.name;
    this.toClient = toClient;
    this.ifOption = ifOption;
  }
}

/** An unusable input: an option, a file or a table. The message names it and says what to do. Exit status 2. */
export class InputError extends HistoError {
  override readonly exitStatus: number = 2;
}

/** The user has stopped the command (Ctrl-C, SIGTERM). Finished work is kept. Exit status 130. */
export class Interrupted extends HistoError {
  override readonly exitStatus: number = 130;

  constructor(message = "Stopped; the work done so far is kept.") {
    super("INTERRUPTED", message);
  }
}

/** Any thrown value as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The message of any thrown value, on one line. */
export function messageOf(error: unknown): string {
  return asError(error)
    .message.replace(/\s*\n\s*/g, " ")
    .trim();
}

/** True for errors of Node's file system and network calls with one of the given codes, such as `ENOENT`. */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? "");
}
