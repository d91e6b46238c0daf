import type { KnownConsumer } from '../catalog/consumer.ts';
import { isNetwork } from '../catalog/network.ts';
import { Secret } from '../catalog/secret.ts';
import type { SecretReference } from './account-schema.ts';
import { toLimit } from './accounts.ts';
import type { Config } from './config.ts';
import { readSecret, whole } from './credential.ts';
import { parseDurationMs } from './duration.ts';
import { checkValue, type Fault, type Path, showPath, Unusable } from './mistakes.ts';
import type { FileConfig } from './schema.ts';
import type { Sources } from './sources.ts';
import type { Sound } from './structure.ts';

type File = Sound<FileConfig>;

/** Checks what consumers prove themselves with: that there is something, and that it is theirs alone. */
export function checkConsumers(file: File, sources: Sources): Fault[] {
  return [
    ...checkCredentials(file),
    ...checkNames(file),
    ...checkSecrets(file, sources),
    ...checkKeyIds(file, sources),
    ...checkTrustNetwork(file),
  ];
}

/**
 * Resolves the consumers of a file, in its order.
 *
 * @throws Unusable for what `checkConsumers` finds fault with
 */
export function toConsumers({ consumers }: FileConfig, sources: Sources): KnownConsumer[] {
  return Object.entries(consumers).map(([name, consumer]) => {
    const { token, accessKey, apiKey, certificate, accounts, allow, forwardHeaders, quota, ...rest } = consumer;
    return {
      name,
      ...(token && { tokenSha256: token.sha256 }),
      ...(accessKey && { accessKey: { id: accessKey.id, secretKey: toSecret(accessKey.secretKey, sources) } }),
      ...(apiKey && { apiKey: { username: apiKey.username, apiKey: toSecret(apiKey.apiKey, sources) } }),
      ...(certificate && { certificateName: certificateName(certificate) }),
      accounts,
      allow,
      ...(forwardHeaders && { forwardHeaders }),
      ...(quota && { quota: toLimit(quota) }),
      ...toWait(rest),
    };
  });
}

/** Resolves what a file says of callers without credentials. */
export function toAnonymous(anonymous: NonNullable<FileConfig['anonymous']>): NonNullable<Config['anonymous']> {
  const { wait, ...rest } = anonymous;
  return { ...rest, ...(wait !== undefined && toWait({ wait })) };
}

const KINDS = ['token', 'accessKey', 'apiKey', 'certificate'] as const;

function* checkCredentials({ consumers = {}, listen = [] }: File): Generator<Fault> {
  const bySocket = listen.flatMap((listener) =>
    listener !== undefined && 'consumer' in listener ? [listener.consumer] : [],
  );
  for (const [name, consumer] of Object.entries(consumers)) {
    // What is there but wrong has its mistake already.
    if (consumer === undefined || KINDS.some((kind) => kind in consumer) || bySocket.includes(name)) continue;
    const message = 'expected at least one of token, accessKey, apiKey and certificate, or a unix socket that names it';
    yield { path: ['consumers', name], message };
  }
}

/** What a consumer is told from all others by; two that share it could not be told apart. */
function* checkNames({ consumers = {} }: File): Generator<Fault> {
  const owners = new Map<string, string>();
  for (const [name, consumer] of Object.entries(consumers)) {
    const names = {
      token: consumer?.token?.sha256,
      accessKey: consumer?.accessKey?.id,
      apiKey: consumer?.apiKey?.username,
      certificate: consumer?.certificate && wholeCertificate(consumer.certificate),
    };
    for (const kind of KINDS) {
      if (names[kind] === undefined) continue;
      const key = `${kind} ${names[kind]}`;
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, name);
      else
        yield {
          path: ['consumers', name, kind],
          message: `consumer ${JSON.stringify(owner)} has the same ${WORDS[kind]}`,
        };
    }
  }
}

const WORDS = { token: 'token', accessKey: 'access key', apiKey: 'user name', certificate: 'certificate' } as const;

/** A virtual key is worth nothing at the vendor, and a consumer that knows its own secret knows nobody else's. */
function* checkSecrets({ accounts = {}, consumers = {} }: File, sources: Sources): Generator<Fault> {
  const owners = new Map<string, Path>();
  for (const [path, reference] of accountSecrets(accounts)) {
    const secret = readable(reference, sources);
    if (secret !== undefined) owners.set(secret, path);
  }
  for (const [path, reference] of consumerSecrets(consumers)) {
    yield* checkValue(path, whole(reference), (value) => {
      const secret = readVirtualSecret(value, sources);
      const owner = owners.get(secret);
      if (owner !== undefined) throw new Unusable(`the same secret as ${showPath(owner)}`);
      owners.set(secret, path);
    });
  }
}

function* checkKeyIds({ accounts = {}, consumers = {} }: File, sources: Sources): Generator<Fault> {
  const real = new Map<string, string>();
  for (const [name, account] of Object.entries(accounts)) {
    for (const credential of [account?.credential, account?.nextCredential]) {
      const id = credential?.type === 'access-key' ? readable(credential.accessKey, sources) : undefined;
      if (id !== undefined) real.set(id, name);
    }
  }
  for (const [name, consumer] of Object.entries(consumers)) {
    const account = real.get(consumer?.accessKey?.id ?? '');
    if (account === undefined) continue;
    const message = `the access key of account ${JSON.stringify(account)}; expected one of the gateway's own`;
    yield { path: ['consumers', name, 'accessKey', 'id'], message };
  }
}

function* checkTrustNetwork({ anonymous }: File): Generator<Fault> {
  for (const [index, network] of anonymous?.trustNetwork?.entries() ?? []) {
    if (network === undefined || isNetwork(network)) continue;
    const message = `expected a network such as 10.0.0.0/8, with 1 bit or more, got ${JSON.stringify(network)}`;
    yield { path: ['anonymous', 'trustNetwork', index], message };
  }
}

type FileCredential = FileConfig['accounts'][string]['credential'];
type Place = readonly [path: Path, reference: Sound<SecretReference> | undefined];

function accountSecrets(accounts: NonNullable<File['accounts']>): Place[] {
  return Object.entries(accounts).flatMap(([name, account]) =>
    (['credential', 'nextCredential'] as const).flatMap((key) => secretsOf(['accounts', name, key], account?.[key])),
  );
}

function secretsOf(path: Path, credential: Sound<FileCredential> | undefined): Place[] {
  switch (credential?.type) {
    case 'access-key':
      return [[[...path, 'secretKey'], credential.secretKey]];
    case 'api-key':
      return [[[...path, 'apiKey'], credential.apiKey]];
    case undefined:
      return [];
  }
}

function consumerSecrets(consumers: NonNullable<File['consumers']>): Place[] {
  return Object.entries(consumers).flatMap(([name, consumer]): Place[] => [
    [['consumers', name, 'accessKey', 'secretKey'], consumer?.accessKey?.secretKey],
    [['consumers', name, 'apiKey', 'apiKey'], consumer?.apiKey?.apiKey],
  ]);
}

/** A secret that can't be read has its mistake elsewhere. */
function readable(reference: Sound<SecretReference> | undefined, sources: Sources): string | undefined {
  const there = whole(reference);
  if (there === undefined) return undefined;
  try {
    return sources.readSecret(there);
  } catch (error) {
    if (error instanceof Unusable) return undefined;
    throw error;
  }
}

/** Whoever sees a signed request can try secrets on it at leisure, so a short one is none. */
function readVirtualSecret(reference: SecretReference, sources: Sources): string {
  const text = readSecret(reference, sources);
  if (text.length < 16)
    throw new Unusable('expected a secret of at least 16 characters; `token --access-key` makes one');
  return text;
}

function toSecret(reference: SecretReference, sources: Sources): Secret {
  return new Secret(readVirtualSecret(reference, sources));
}

/** As `identify/certificate.ts` reads them off a certificate. */
function certificateName(certificate: { commonName: string } | { san: string }): string {
  return 'commonName' in certificate ? `CN:${certificate.commonName}` : certificate.san;
}

function wholeCertificate(certificate: Sound<{ commonName: string } | { san: string }>): string | undefined {
  if ('commonName' in certificate && certificate.commonName !== undefined) return `CN:${certificate.commonName}`;
  return 'san' in certificate ? certificate.san : undefined;
}

function toWait({ wait }: { wait?: string }): { waitMs?: number } {
  return wait === undefined ? {} : { waitMs: parseDurationMs(wait) };
}
