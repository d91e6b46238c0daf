import type { Clock } from './quota/clock.ts';

/**
 * The real clocks. Nothing else in the gateway asks the machine for the time. CLOCK_MONOTONIC rather than `performance.now`, which
 * begins anew with each process: a journal goes on from one to the next. In whole 1/1024 ms, because numbers add and subtract
 * those without rounding: a reset that is 301 s from now would else be told as 302.
 */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => Math.floor(Number(process.hrtime.bigint()) / 976.5625) / 1024,
};
