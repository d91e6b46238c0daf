import type { Clock } from './clock.ts';
import type { Membership } from './membership.ts';
import { placesOf, shortOf, toArguments, toStates } from './redis-admission.ts';
import type { RedisClient } from './redis-client.ts';
import { type Standing, toStanding } from './standing.ts';
import type { Admission, Decision } from './store.ts';
import { tellRedis } from './tell-redis.ts';

/**
 * Asks Redis for an admission: one round trip. The ledger knows of it before, and forgets it again if nothing was taken.
 *
 * @param by.id the name of the permit
 * @returns the decision, or what kept Redis from deciding
 * @throws StoreUnreachable; what Redis may have taken is then given back when it can be asked again
 */
export async function askRedis(
  admission: Admission,
  by: {
    readonly client: Pick<RedisClient, 'call' | 'steady'>;
    readonly clock: Clock;
    readonly member: Membership;
    readonly id: string;
  },
): Promise<Decision | Standing> {
  const { client, clock, member, id } = by;
  const { account, charges, leaseMs, maxWaitMs } = admission;
  const fingerprint = shortOf(admission.fingerprint);
  const partitions = charges.map(({ partition }) => partition);
  const { keys } = member;
  const sent = clock.monotonic();
  // Known before it is asked for, so that a seed on its heels tells it. Forgotten again if it was denied.
  const places = placesOf(admission);
  member.ledger.add(id, { places, lastSeen: sent + maxWaitMs + leaseMs, pending: true }, sent);
  let answer: readonly (string | number)[];
  try {
    answer = await client.call(
      'admit',
      [keys.state, keys.signatures, ...partitions.map((partition) => keys.log(partition))],
      [
        client.steady ? '1' : '',
        id,
        ...member.clock.expectation(sent),
        ...toArguments(admission, { fingerprint, wallMs: clock.wall() + (admission.clockSkewMs ?? 0) }),
      ],
    );
  } catch (error) {
    member.ledger.remove(id);
    member.refundLater(id, partitions);
    member.lose();
    throw error;
  }
  const received = clock.monotonic();
  const standing = member.judge(toStanding(answer, { sent, received }));
  const [said, , , , wait, second] = answer;
  const waitMs = Number(wait);
  if (standing.kind === 'admitted') {
    member.clock.anchor(standing.time);
    const sendAt = sendAtOf({ sent, received, waitMs });
    const permit = { id, account, partitions, signingSecond: Number(second), sendAt };
    member.ledger.units.set(id, { places, lastSeen: sendAt + leaseMs, pending: false, seeded: false });
    if (fingerprint !== '') member.ledger.sign(fingerprint, permit.signingSecond, sendAt);
    return { allowed: true, permit, waitMs, states: toStates(admission, answer, { allowed: true }) };
  }
  if (member.ledger.remove(id) || said === 'admitted') {
    await tellRedis(client, member, { verb: 'refund', partitions, what: id });
  }
  if (standing.kind !== 'denied') return standing;
  member.clock.anchor(standing.time);
  return { allowed: false, waitMs, states: toStates(admission, answer, { allowed: false }) };
}

/**
 * From when a request may be sent. A wait is told of the server's time, so it begins when the answer is here; the lease, which began
 * there too, has room for that (`open-store.ts`). Without one the send budget begins before the question left.
 */
function sendAtOf({ sent, received, waitMs }: { sent: number; received: number; waitMs: number }): number {
  return waitMs === 0 ? sent : received + waitMs;
}
