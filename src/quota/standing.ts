import type { ServerTime } from './server-clock.ts';

/** What a script answers first, whatever else it says. */
export interface Standing {
  readonly kind: string;
  readonly epoch: string;
  readonly time: ServerTime;
}

/** Reads what every deciding script answers first: its kind, the epoch, logical time and its offset. */
export function toStanding(
  answer: readonly (string | number)[],
  { sent, received }: { sent: number; received: number },
): Standing {
  const [kind, epoch, now, off] = answer;
  return { kind: String(kind), epoch: String(epoch), time: { now: Number(now), off: String(off), sent, received } };
}
