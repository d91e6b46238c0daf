import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { Clock } from '../../src/quota/clock.ts';
import { openJournal } from '../../src/quota/journal.ts';
import type { Entry } from '../../src/quota/journal-entry.ts';
import { createTurnedClock } from './turned-clock.ts';

/** How long a unit of these journals is kept, and its lease. */
export const KEEP_MS = 10_000;
export const LEASE_MS = 1_000;

/** Opens a journal that must not fail. */
export function opened(t: Test, path: string, options: { clock?: Clock; boot?: string } = {}) {
  const { clock = createTurnedClock(), boot = 'this boot' } = options;
  return openJournal({ path, clock, boot, onError: (error) => t.fail('the journal failed', { error }) });
}

/** One unit of the account. */
export function admission(id: string, at: number): Entry {
  const charges = [{ partition: 'account', keepMs: KEEP_MS }];
  return { kind: 'admit', at, id, account: 'main', charges, lastSeen: at + LEASE_MS, tag: 'tag0' };
}

/** Whose units these are. */
export function idsOf(entries: readonly Entry[]): string[] {
  return entries.flatMap((entry) => (entry.kind === 'admit' ? [entry.id] : []));
}

/** A journal of three admissions that was closed, as text. */
export async function threeAdmissions(t: Test) {
  const path = join(t.testdir(), 'journal');
  const clock = createTurnedClock();
  const journal = await opened(t, path, { clock });
  for (const id of ['one', 'two', 'three']) journal.append(admission(id, clock.monotonic()));
  await journal.close();
  return { path, clock, text: readFileSync(path, 'utf8') };
}

/** What a gateway that starts now finds in a journal. */
export async function replayAt(t: Test, path: string, clock: Clock, boot = 'this boot'): Promise<readonly Entry[]> {
  const journal = await opened(t, path, { clock, boot });
  const entries = journal.replay();
  await journal.close();
  return entries;
}
