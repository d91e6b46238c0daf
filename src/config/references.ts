import { parseDurationMs } from './duration.ts';
import { isLoopback } from './loopback.ts';
import type { Fault, Path } from './mistakes.ts';
import { suggest } from './nearest.ts';
import type { FileConfig } from './schema.ts';
import { parseSizeBytes } from './size.ts';
import type { Sound } from './structure.ts';

type File = Sound<FileConfig>;

/** Checks what one part of the file says of another: names, addresses, and whether anybody can call at all. */
export function checkReferences(file: File): Fault[] {
  return [
    ...checkQuotaAccounts(file),
    ...checkAnonymous(file),
    ...checkConsumers(file),
    ...checkWaits(file),
    ...checkSizes(file),
    ...checkAnybody(file),
  ];
}

function* checkQuotaAccounts({ accounts = {} }: File): Generator<Fault> {
  for (const [name, account] of Object.entries(accounts)) {
    const quotaAccount = account?.quotaAccount;
    if (quotaAccount === undefined) continue;
    const path = ['accounts', name, 'quotaAccount'];
    yield* checkAccountName(path, quotaAccount, accounts);
    if (hasQuotaAccount(accounts, quotaAccount)) {
      yield {
        path,
        message: `expected an account without a quotaAccount of its own, got ${JSON.stringify(quotaAccount)}`,
      };
    }
    if (account?.quotas !== undefined) {
      yield {
        path: ['accounts', name, 'quotas'],
        message: 'an account with a quotaAccount spends the quotas of that one',
      };
    }
  }
}

function hasQuotaAccount(accounts: NonNullable<File['accounts']>, name: string): boolean {
  return Object.hasOwn(accounts, name) && accounts[name]?.quotaAccount !== undefined;
}

function* checkAnonymous({ accounts, anonymous, listen = [] }: File): Generator<Fault> {
  if (anonymous === undefined) return;
  yield* checkAccountName(['anonymous', 'account'], anonymous.account, accounts);
  const exposed = listen.findIndex(
    (listener) => listener !== undefined && 'host' in listener && !isLoopback(listener.host ?? 'localhost'),
  );
  if (exposed !== -1 && !('trustNetwork' in anonymous)) {
    const message =
      'callers without credentials may only come over loopback, unix sockets or from networks named in trustNetwork, ' +
      `and listen[${exposed}] is not loopback`;
    yield { path: ['anonymous'], message };
  }
}

function* checkConsumers({ accounts, consumers = {} }: File): Generator<Fault> {
  for (const [name, consumer] of Object.entries(consumers)) {
    const path = ['consumers', name];
    if (name === 'anonymous') {
      yield { path, message: 'expected another name; this one is for callers without credentials' };
    }
    for (const [index, account] of consumer?.accounts?.entries() ?? []) {
      yield* checkAccountName([...path, 'accounts', index], account, accounts);
    }
  }
}

function* checkWaits({ anonymous, consumers = {}, limits }: File): Generator<Fault> {
  const limit = limits?.wait;
  if (limit === undefined) return;
  const waits = Object.entries(consumers).map(([name, consumer]) => ({ path: ['consumers', name], ...consumer }));
  for (const { path, wait } of [{ path: ['anonymous'], ...anonymous }, ...waits]) {
    if (wait === undefined || parseDurationMs(wait) <= parseDurationMs(limit)) continue;
    yield { path: [...path, 'wait'], message: `longer than limits.wait, which is ${limit}` };
  }
}

function* checkSizes({ limits }: File): Generator<Fault> {
  const { url, headers } = limits ?? {};
  if (url === undefined || headers === undefined || parseSizeBytes(url) <= parseSizeBytes(headers)) return;
  yield { path: ['limits', 'url'], message: `larger than limits.headers, which is ${headers}` };
}

function* checkAnybody(file: File): Generator<Fault> {
  // Where either is there but wrong, it may yet name somebody.
  if ('anonymous' in file || file.consumers === undefined || Object.keys(file.consumers).length > 0) return;
  yield { path: ['consumers'], message: 'nobody could call; expected at least one consumer, or anonymous' };
}

function* checkAccountName(path: Path, name: string | undefined, accounts: File['accounts']): Generator<Fault> {
  if (name === undefined || accounts === undefined || Object.hasOwn(accounts, name)) return;
  yield { path, message: `no account is named ${JSON.stringify(name)}; ${suggest(name, Object.keys(accounts))}` };
}
