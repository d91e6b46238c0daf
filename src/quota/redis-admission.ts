import { hash } from 'node:crypto';
import type { Place } from './ledger.ts';
import type { Admission, PolicyState } from './store.ts';

/** 66 bits of it: two requests that share them by chance take two seconds where one would do. Empty where there is none. */
export function shortOf(fingerprint: string | undefined): string {
  return fingerprint === undefined ? '' : hash('sha256', fingerprint, 'base64url').slice(0, 11);
}

/** How long a window counts a unit: whole milliseconds, and at least one of margin, because Redis reads its clock in them. */
export function spanOf(windowMs: number, marginMs: number): number {
  return Math.ceil(windowMs + Math.max(1, marginMs));
}

/** Where the units of an admission are charged. */
export function placesOf({ charges, marginMs }: Admission): Place[] {
  return charges.map(({ partition, policies }) => ({
    partition,
    keepsMs: Math.max(0, ...policies.map(({ windowMs }) => spanOf(windowMs, marginMs))),
  }));
}

/** What the admit script is asked, behind what it has to know of the caller. */
export function toArguments(
  { charges, marginMs, leaseMs, maxWaitMs }: Admission,
  { fingerprint, wallMs }: { fingerprint: string; wallMs: number },
): readonly (string | number)[] {
  const policies = charges.flatMap((charge) => [
    charge.policies.length,
    ...charge.policies.flatMap(({ quota, windowMs }) => [quota, spanOf(windowMs, marginMs)]),
  ]);
  return [Math.floor(wallMs), fingerprint, Math.ceil(leaseMs), Math.floor(maxWaitMs), ...policies];
}

/** What the admit script answers of each policy. */
export function toStates(
  { charges }: Admission,
  answer: readonly (string | number)[],
  { allowed }: { allowed: boolean },
): PolicyState[] {
  return charges
    .flatMap(({ policies }) => policies)
    .map(({ name, quota, windowMs }, index) => {
      const remaining = Number(answer[6 + 2 * index]);
      const resetMs = Number(answer[7 + 2 * index]);
      return { name, quota, windowMs, remaining, resetMs, violated: !allowed && remaining === 0 };
    });
}
