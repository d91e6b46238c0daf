import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/mistakes.ts';
import { badAccounts } from './bad-accounts.ts';
import { badAudit } from './bad-audit.ts';
import { badCallers } from './bad-callers.ts';
import { badConsumers } from './bad-consumers.ts';
import { badCredentials } from './bad-credentials.ts';
import { badDocument } from './bad-document.ts';
import { REST } from './bad-file.ts';
import { badListeners } from './bad-listeners.ts';
import { badQuotas } from './bad-quotas.ts';
import { badSettings } from './bad-settings.ts';
import { badStore } from './bad-store.ts';

const env = {
  KEY: 'key',
  EMPTY: '',
  LINES: 's3cret\ns3cret',
  BLANK: 's3cret s3cret',
  LONG: 's3cret-of-32-characters-or-more.',
  LONGER: 's3cret-of-32-characters-and-some-more',
};

function loadError(file: string): ConfigError {
  try {
    loadConfig({ file, env });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the file was loaded');
}

for (const { name, yaml, mistakes } of [
  ...badDocument,
  ...badAccounts,
  ...badCredentials,
  ...badQuotas,
  ...badCallers,
  ...badListeners,
  ...badConsumers,
  ...badSettings,
  ...badStore,
  ...badAudit,
]) {
  t.test(`names every mistake of ${name}`, async (t) => {
    const folder = t.testdir({
      'gateway.yaml': yaml,
      empty: '\n',
      'junk.pem': 'junk',
      'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    });
    const file = join(folder, 'gateway.yaml');
    const { message } = loadError(file);
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    t.strictSame(message.replaceAll(folder, '$').split('\n'), [
      `$/gateway.yaml is not usable (${count})`,
      ...mistakes.map((line) => `  ${line}`),
      'Nothing was started.',
    ]);
    t.notMatch(message, /s3cret|s3,cret|271828/);
  });
}

t.test('the tables above start from a file without mistakes', async (t) => {
  const file = join(t.testdir({ 'gateway.yaml': REST }), 'gateway.yaml');
  t.doesNotThrow(() => loadConfig({ file, env }));
});

t.test('a file that is not there or can not be read is a mistake of the whole file', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'nowhere.yaml');
  t.strictSame(loadError(file).mistakes, [{ line: 1, column: 1, path: '', message: `file "${file}" does not exist` }]);
  t.strictSame(loadError(folder).mistakes, [
    { line: 1, column: 1, path: '', message: `file "${folder}" cannot be read (EISDIR)` },
  ]);
});

t.test('mistakes are told as data too, in the order of the file', async (t) => {
  const file = join(t.testdir(), 'gateway.yaml');
  writeFileSync(file, `${REST}log: { level: loud }\nlimits: { inFlight: 0, body: 1MB }\n`);
  const error = loadError(file);
  t.equal(error.file, file);
  t.strictSame(
    error.mistakes.map(({ line, column, path }) => ({ line, column, path })),
    [
      { line: 5, column: 8, path: 'log.level' },
      { line: 6, column: 11, path: 'limits.inFlight' },
      { line: 6, column: 24, path: 'limits.body' },
    ],
  );
});
