import { dirname, resolve } from 'node:path';
import { checkAccounts, toAccounts } from './accounts.ts';
import { checkAudit, toAudit } from './audit.ts';
import type { Config } from './config.ts';
import { checkConsumers, toAnonymous, toConsumers } from './consumers.ts';
import { readDocument } from './document.ts';
import { parseDurationMs } from './duration.ts';
import { deepFreeze } from './freeze.ts';
import { checkListeners, toListeners } from './listeners.ts';
import { ConfigError, Unusable } from './mistakes.ts';
import { checkReferences } from './references.ts';
import type { FileConfig } from './schema.ts';
import { parseSizeBytes } from './size.ts';
import { readText, Sources } from './sources.ts';
import { checkStore, toStore } from './store.ts';
import { checkStructure } from './structure.ts';

/**
 * Loads the configuration from a YAML file and what it refers to: environment variables and files.
 *
 * @param options.onRead told of each file, by its absolute path, just before it is read; also of those that can't be
 * @throws ConfigError with every mistake at once; no message holds a secret.
 */
export function loadConfig(options: {
  file: string;
  env: Readonly<Record<string, string | undefined>>;
  onRead?: (file: string) => void;
}): Config {
  const { file, env, onRead = () => {} } = options;
  onRead(resolve(file));
  const document = readDocument(readConfigText(file));
  if (document.mistakes.length > 0) throw new ConfigError(file, document.mistakes);

  const structure = checkStructure(document.value);
  const sources = new Sources({ folder: dirname(file), env, onRead });
  const faults = [
    ...structure.faults,
    ...checkReferences(structure.sound),
    ...checkListeners(structure.sound, sources),
    ...checkAccounts(structure.sound, sources),
    ...checkConsumers(structure.sound, sources),
    ...checkStore(structure.sound, sources),
    ...checkAudit(structure.sound, sources),
  ];
  if (structure.file === undefined || faults.length > 0) throw new ConfigError(file, faults.map(document.locate));
  return deepFreeze(toConfig(structure.file, sources));
}

function readConfigText(file: string): string {
  try {
    return readText(file);
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    throw new ConfigError(file, [{ line: 1, column: 1, path: '', message: error.message }]);
  }
}

function toConfig(file: FileConfig, sources: Sources): Config {
  const { admin, store, anonymous, limits, log, audit } = file;
  return {
    listen: toListeners(file, sources),
    admin,
    accounts: toAccounts(file, sources),
    store: toStore(store, sources),
    ...(anonymous && { anonymous: toAnonymous(anonymous) }),
    consumers: toConsumers(file, sources),
    limits: {
      bodyBytes: parseSizeBytes(limits.body),
      headersBytes: parseSizeBytes(limits.headers),
      urlBytes: parseSizeBytes(limits.url),
      requestTimeoutMs: parseDurationMs(limits.requestTimeout),
      idleTimeoutMs: parseDurationMs(limits.idleTimeout),
      connections: limits.connections,
      eventLoopDelayMs: parseDurationMs(limits.eventLoopDelay),
      connectTimeoutMs: parseDurationMs(limits.connectTimeout),
      upstreamTimeoutMs: parseDurationMs(limits.upstreamTimeout),
      graceMs: parseDurationMs(limits.grace),
      drainDelayMs: parseDurationMs(limits.drainDelay),
      drainMs: parseDurationMs(limits.drain),
      inFlight: limits.inFlight,
      waitMs: parseDurationMs(limits.wait),
      waiting: limits.waiting,
    },
    log,
    ...(audit && { audit: toAudit(audit, sources) }),
  };
}
