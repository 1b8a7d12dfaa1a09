/** What the caller of a command is told by its exit code. */
export type ExitCode = 1 | 2;

/** Something the user can understand and act on. Its message is printed as it is, without a stack trace. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** 1: the command could not do what it was asked. 2: a broker does not answer. */
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The one line to print for anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
