import { readFileSync, readlinkSync } from 'node:fs';
import type { Clock } from './clock.ts';
import { type JournalText, latestOf } from './journal-text.ts';

/**
 * Names this boot of the machine, within which the monotonic clock goes on from one process to the next; undefined where that
 * can't be known. Processes in different time namespaces of Linux read different clocks, so the namespace is part of the name.
 */
export function readBoot(): string | undefined {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readTimeNamespace()}`;
  } catch {
    return undefined;
  }
}

/**
 * Tells what to add to the monotonic clock to get a journal's time. That time goes on over all processes that wrote it: within
 * a boot with the monotonic clock, else with the time of day, by as much as that has moved since the latest line, and never
 * back. So after a reboot a unit counts too long if the time of day was set back meanwhile, or too short if it was set forward.
 */
export function offsetMs(text: JournalText, { clock, boot }: { clock: Clock; boot: string | undefined }): number {
  const { start } = text;
  const latest = latestOf(text);
  if (start === undefined || latest === undefined) return 0;
  const goesOn = boot !== undefined && boot === start.boot && clock.monotonic() + start.offsetMs >= latest.at;
  if (goesOn) return start.offsetMs;
  return latest.at + Math.max(0, clock.wall() - latest.wall) - clock.monotonic();
}

function readTimeNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/time');
  } catch {
    return ''; // Before Linux 5.6 there is only one.
  }
}
