import type { Config } from '../../config/config.ts';
import { systemClock } from '../../system-clock.ts';
import { callOnce } from './call-once.ts';
import type { Finding } from './finding.ts';
import { lookAtOrigin } from './look-at-origin.ts';
import { lookAtStore } from './look-at-store.ts';

/**
 * Looks at all that the gateway needs from outside: the store, and each origin. Nothing of that spends any quota.
 *
 * @param options.call also calls the vendor once with every credential, which does
 * @param options.print told of each finding, as one line
 * @returns how many are not fine
 */
export async function checkOnline(
  config: Config,
  options: { call: boolean; print: (text: string) => void },
): Promise<number> {
  const { call, print } = options;
  const { connectTimeoutMs } = config.limits;
  const origins = new Map([...config.accounts.values()].map((account) => [`${account.origin} ${account.ca}`, account]));
  const findings: Finding[] = await Promise.all([
    lookAtStore(config, systemClock),
    ...[...origins.values()].map((account) => lookAtOrigin(account, { connectTimeoutMs, wall: systemClock.wall })),
  ]);
  const show = (finding: Finding) => print(`  ${finding.fine ? 'fine ' : 'WRONG'}  ${finding.what}: ${finding.says}\n`);
  findings.forEach(show);
  if (call) {
    const calls = await callOnce(config);
    calls.forEach(show);
    findings.push(...calls);
  }
  return findings.filter(({ fine }) => !fine).length;
}
