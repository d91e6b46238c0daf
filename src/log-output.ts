import { once } from 'node:events';
import { type DestinationStream, pino } from 'pino';

/** A reader that has stopped reading keeps no process from its end. */
const LAST_LINES_MS = 1000;

/** Where log lines go. */
export interface LogOutput {
  readonly destination: DestinationStream;
  /** Is called before the last lines are written, where the process ends without `close`. */
  beforeExit(act: () => void): void;
  /**
   * Resolves once all lines are written, or after a second; to be awaited before the process ends. By itself pino writes at the end
   * of the process what it holds back, and that may overtake the lines that are being written in the background.
   * What comes after it is not written.
   */
  close(): Promise<void>;
}

/** A write of its own for every line would cost a busy gateway a twentieth of its CPU. */
const WRITTEN_TOGETHER_BYTES = 4096;
const WRITTEN_WITHIN_MS = 100;
/** Lines that can't be written yet; of more than this, the newest are lost. */
const MOST_HELD_BYTES = 8 * 1024 * 1024;

/** What the library writes at once, at most. */
const HANDED_TOGETHER = 16 * 1024;

/** Opens standard output for lines that are written in the background. Where they can't be (disk full), the gateway goes on. */
export function openLogOutput(): LogOutput {
  /** Of this turn of the event loop: the output measures all that it holds anew with each write. */
  let lines = '';
  const hand = () => {
    if (lines !== '') output.write(lines);
    lines = '';
  };
  let lastAct = () => {};
  // Before pino's own, which writes what the output holds.
  process.once('exit', () => {
    lastAct();
    hand();
  });
  const output = pino.destination({
    sync: false,
    minLength: WRITTEN_TOGETHER_BYTES,
    periodicFlush: WRITTEN_WITHIN_MS,
    maxLength: MOST_HELD_BYTES,
  });
  let open = true;
  let fails = false;
  // Tried again with the next line.
  output.on('error', () => {
    fails = true;
  });
  output.on('write', () => {
    fails = false;
  });
  return {
    destination: {
      write(line) {
        if (!open) return;
        if (lines === '') setImmediate(hand);
        lines += line;
        if (lines.length >= HANDED_TOGETHER) hand();
      },
    },
    beforeExit(act) {
      lastAct = act;
    },
    async close() {
      open = false;
      hand();
      // Else it would be tried for ever, at the very end of the process.
      if (fails) return output.destroy();
      const closed = once(output, 'close', { signal: AbortSignal.timeout(LAST_LINES_MS) });
      output.end();
      await closed.catch(() => {});
    },
  };
}
