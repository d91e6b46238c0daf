import { X509Certificate } from 'node:crypto';
import type { Account } from '../catalog/account.ts';
import type { Limit, Quotas } from '../quota/policy.ts';
import { checkCredential, toCredential } from './credential.ts';
import { parseDurationMs } from './duration.ts';
import { checkValue, type Fault, Unusable } from './mistakes.ts';
import { parseOrigin } from './origin.ts';
import type { FileConfig } from './schema.ts';
import type { Sources } from './sources.ts';
import type { Sound } from './structure.ts';

type FileQuotas = FileConfig['quotas'];

/** Checks what each account has from outside the file: origin, certificates and secrets. */
export function checkAccounts({ accounts = {} }: Sound<FileConfig>, sources: Sources): Fault[] {
  return Object.entries(accounts).flatMap(([name, account]) => [
    ...checkValue(['accounts', name, 'origin'], account?.origin, parseOrigin),
    ...checkCredential(['accounts', name, 'credential'], account?.credential, sources),
    ...checkCredential(['accounts', name, 'nextCredential'], account?.nextCredential, sources),
    ...checkValue(['accounts', name, 'caFile'], account?.caFile, (path) => readCertificates(path, sources)),
  ]);
}

/**
 * Resolves the accounts of a file, in its order.
 *
 * @throws Unusable for what `checkAccounts` finds fault with.
 */
export function toAccounts({ accounts, quotas }: FileConfig, sources: Sources): Map<string, Account> {
  const resolved = new Map<string, Account>();
  for (const [name, account] of Object.entries(accounts)) {
    const quotaAccount = account.quotaAccount ?? name;
    resolved.set(name, {
      name,
      origin: parseOrigin(account.origin),
      credential: toCredential(account.credential, sources),
      ...(account.nextCredential !== undefined && { nextCredential: toCredential(account.nextCredential, sources) }),
      quotaAccount,
      quotas: toQuotas(quotas, accounts[quotaAccount]?.quotas),
      forwardHeaders: account.forwardHeaders,
      ...(account.inFlight !== undefined && { inFlight: account.inFlight }),
      ...(account.caFile !== undefined && { ca: readCertificates(account.caFile, sources) }),
    });
  }
  return resolved;
}

function toQuotas(common: FileQuotas, own: Partial<FileQuotas> = {}): Quotas {
  const quotas = { ...common, ...own };
  const interfaces = Object.entries({ ...common.interfaces, ...own.interfaces });
  return {
    account: toLimit(quotas.account),
    interface: toLimit(quotas.interface),
    documentedLimits: quotas.documentedLimits,
    marginMs: parseDurationMs(quotas.margin),
    interfaces: new Map(interfaces.map(([apiInterface, limits]) => [apiInterface, [limits].flat().map(toLimit)])),
  };
}

/** A limit of the file in ms. */
export function toLimit({ quota, window }: FileQuotas['account']): Limit {
  return { quota, windowMs: parseDurationMs(window) };
}

/** Reads certificates in PEM. @throws Unusable */
export function readCertificates(path: string, sources: Sources): string {
  const pem = sources.readFile(path);
  // TLS skips what it can't read, and then trusts nobody: every certificate must be a good one.
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate))
    throw new Unusable('expected a file of certificates (PEM)');
  return pem;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
