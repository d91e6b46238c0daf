import type { Clock } from '../../src/quota/clock.ts';

/** A clock that only the test turns. */
export interface TurnedClock extends Clock {
  /** Lets time pass, on both clocks. */
  advance(ms: number): void;
  /** Steps the time of day alone, either way. */
  stepWall(ms: number): void;
}

/** Makes a clock that reads 12:00:00.250Z of 2026-01-01, and 7 s since its start. */
export function createTurnedClock(): TurnedClock {
  let wallMs = Date.UTC(2026, 0, 1, 12, 0, 0, 250);
  let monotonicMs = 7_000;
  return {
    wall: () => wallMs,
    monotonic: () => monotonicMs,
    advance(ms) {
      wallMs += ms;
      monotonicMs += ms;
    },
    stepWall(ms) {
      wallMs += ms;
    },
  };
}
