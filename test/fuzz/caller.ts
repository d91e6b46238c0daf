import type { Socket } from 'node:net';
import type { Random } from './random.ts';

/** What a caller does once it has written: reads its answer, hangs up, breaks off, or waits until the gateway has had enough. */
type Patience = 'reads' | 'hangs-up' | 'breaks-off' | 'stays';

/** How a connection went: whether any answer came, and whether the gateway let go of it in time. */
export interface Call {
  readonly answered: boolean;
  readonly hung: boolean;
}

/** Longer than every limit of the gateway that is fuzzed together, also on a machine that is busy. */
const HUNG_MS = 20_000;
/** For an answer, and then for what may come behind it. */
const QUIET_MS = 30;

/** Writes bytes to a connection, in one piece or in two, and waits for its end. */
export function callWith(random: Random, { bytes, open }: { bytes: Buffer; open: () => Socket }): Promise<Call> {
  const patience = random.of<Patience>([
    ...Array<Patience>(44).fill('reads'),
    'hangs-up',
    'hangs-up',
    'hangs-up',
    'breaks-off',
    'breaks-off',
    'stays',
  ]);
  const cut = random.chance(0.3) ? random.below(bytes.length) : bytes.length;
  return new Promise((resolve) => {
    const socket = open();
    let answered = false;
    let hung = false;
    let timer: NodeJS.Timeout | undefined;
    const deadline = setTimeout(() => {
      hung = true;
      socket.destroy();
    }, HUNG_MS);
    const leaveSoon = () => {
      clearTimeout(timer);
      if (patience === 'reads') timer = setTimeout(() => socket.end(), QUIET_MS);
    };
    socket.on('error', () => {});
    socket.on('data', () => {
      answered = true;
      leaveSoon();
    });
    socket.once('end', () => socket.end());
    socket.once('close', () => {
      clearTimeout(timer);
      clearTimeout(deadline);
      resolve({ answered, hung });
    });
    socket.write(bytes.subarray(0, cut));
    if (cut < bytes.length) setImmediate(() => socket.write(bytes.subarray(cut)));
    if (patience === 'hangs-up') setImmediate(() => socket.end());
    if (patience === 'breaks-off') setImmediate(() => setImmediate(() => socket.destroy()));
    leaveSoon();
  });
}
