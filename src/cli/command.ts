/** The process as a command sees it. `main.ts` makes it from argv, environment and signals; tests run the process itself. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output. */
  print(text: string): void;
  /** Reads standard input to its end. */
  readInput(): Promise<string>;
  /** Lets a SIGHUP pass until `runUntilStopped`: whoever starts a gateway may reload it at once. */
  ignoreHangup(): void;
  /**
   * Keeps the process running until a signal or a crash, then calls `stop` and ends the process: with 0 after a signal, with 1
   * after a crash or when `stop` took longer than `atMostMs`. SIGHUP is such a signal only where there is no `onHangup`.
   */
  runUntilStopped(stop: () => Promise<unknown>, atMostMs: number, onHangup?: () => void): void;
}

/** One command of the CLI. */
export interface Command {
  /** What `--help` prints. */
  readonly help: string;
  /**
   * @param args what follows the command's name
   * @throws `UsageError` for wrong usage, `ConfigError` for a configuration that can't be used
   */
  run(args: readonly string[], io: Io): Promise<void>;
}

/** The command was called wrongly; the message says how. Exit code 2. */
export class UsageError extends Error {}
