import type { Test } from 'tap';
import type { Account } from '../../src/catalog/account.ts';
import { Secret } from '../../src/catalog/secret.ts';
import { accountsAt, configAt, startConfigured } from './gateway.ts';
import { httpAnswer, startRawUpstream, valuesOf, type WireAnswer } from './raw-upstream.ts';

/** An access key whose secret follows from its name. */
export const accessKey = (name: string) =>
  ({ type: 'access-key', accessKey: name, secretKey: new Secret(`secret of ${name}`) }) as const;
/** What the vendor says of a credential that it doesn't know any more. */
export const REFUSED = httpAnswer(
  '462 Refused',
  { 'x-cnc-request-id': 'refused' },
  '{"result":"authorization is error!"}',
);
export const TAKEN = httpAnswer('200 OK', { 'x-cnc-request-id': 'taken' }, '{"taken":true}');

/** A gateway whose account has two credentials. */
export async function startWithTwo(t: Test, origin: string, account: Partial<Account> = {}) {
  const accounts = accountsAt(origin);
  const main = accounts.get('main');
  if (main === undefined) throw new Error('no account');
  accounts.set('main', { ...main, credential: accessKey('old'), nextCredential: accessKey('new'), ...account });
  const config = configAt(origin, { accounts });
  const gateway = await startConfigured(config);
  t.teardown(() => gateway.drain());
  const metrics = async () => (await fetch(`${gateway.admin}/metrics`)).text();
  return { gateway, config, metrics };
}

/** The same in front of an upstream whose answer depends on who signed. */
export async function startRotating(t: Test, answers: Record<string, WireAnswer>, account: Partial<Account> = {}) {
  const upstream = await startRawUpstream();
  t.teardown(upstream.close);
  upstream.answerWith((socket, request) => {
    const [authorization = ''] = valuesOf(request, 'authorization');
    const [, answer = TAKEN] = Object.entries(answers).find(([key]) => authorization.includes(`=${key},`)) ?? [];
    if (typeof answer === 'function') answer(socket, request);
    else socket.write(answer);
  });
  return { upstream, ...(await startWithTwo(t, upstream.origin, account)) };
}

/** The units that the account has spent. */
export async function unitsOf(admin: string): Promise<number> {
  const report = (await (await fetch(`${admin}/quota?account=main`)).json()) as {
    partitions: { partition: string; policies: { used: number }[] }[];
  };
  return report.partitions.find(({ partition }) => partition === 'account')?.policies[0]?.used ?? 0;
}
