import { Agent, request } from 'undici';
import type { Account } from '../../catalog/account.ts';
import { ClockSkew } from '../../http/clock-skew.ts';
import { connectionFault } from './connection-fault.ts';
import type { Finding } from './finding.ts';

/**
 * The vendor refuses a signature that is 5 minutes off. The gateway may sign for up to 240 s ahead of this machine's clock, so that
 * equal calls differ; what is left of the 5 minutes is how far that clock may be off.
 */
const TOLERANCE_S = 60;

/**
 * Connects to an origin (DNS, TCP, TLS) and asks it one thing, unsigned: `HEAD /`. It names no account, so no quota can count it.
 * Compares the clocks by the answer's `Date`.
 *
 * @param options.wall this machine's time of day, in ms
 */
export async function lookAtOrigin(
  { origin, ca }: Pick<Account, 'origin' | 'ca'>,
  options: { connectTimeoutMs: number; wall: () => number },
): Promise<Finding> {
  const { connectTimeoutMs, wall } = options;
  const dispatcher = new Agent({
    connect: { timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca }) },
    headersTimeout: connectTimeoutMs,
  });
  try {
    const skew = new ClockSkew();
    const sentAt = wall();
    const { statusCode, headers, body } = await request(`${origin}/`, { method: 'HEAD', dispatcher });
    skew.add({ date: headers['date'], sentAt, answeredAt: wall() });
    await body.dump();
    return { what: origin, ...clockOf(skew.seconds, statusCode) };
  } catch (error) {
    return { what: origin, fine: false, says: connectionFault(error) ?? `it cannot be asked (${nameOf(error)})` };
  } finally {
    await dispatcher.destroy();
  }
}

/** @param skew how far the server's clock is ahead of this machine's, in s */
function clockOf(skew: number | undefined, statusCode: number): Omit<Finding, 'what'> {
  if (skew === undefined) return { fine: true, says: `answers ${statusCode}, and tells no time` };
  const seconds = Math.abs(skew).toFixed(0);
  const side = skew < 0 ? 'ahead of' : 'behind';
  if (Math.abs(skew) <= TOLERANCE_S) {
    return { fine: true, says: `answers ${statusCode}; the clock of this machine is right to ${seconds} s` };
  }
  return {
    fine: false,
    says: `the clock of this machine is ${seconds} s ${side} its: signatures will be refused; set it, by NTP`,
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason';
}
