import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import t from 'tap';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { renderSchema } from '../../src/config/schema.ts';
import { REST } from './bad-file.ts';

const example = readFileSync(new URL('../../config/gateway.example.yaml', import.meta.url), 'utf8');
const schemaFile = readFileSync(new URL('../../config/gateway.schema.json', import.meta.url), 'utf8');

// `maximumDuration` and `maximumSize` are the gateway's own; editors pass over them, and so does this reader.
const accepts = new Ajv({ strict: true, discriminator: true, keywords: ['maximumDuration', 'maximumSize'] }).compile(
  JSON.parse(schemaFile),
);

/** Every key that some mapping of the schema knows by name, with what is said of it. */
function keysOf(schema: unknown): [string, { description?: string }][] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own =
    'properties' in schema && typeof schema.properties === 'object' ? Object.entries(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}

t.test('the schema for editors is the one of the gateway (npm run schema writes it)', async (t) => {
  t.equal(schemaFile, renderSchema());
});

t.test('an editor accepts the example, and a file without what has defaults', async (t) => {
  t.ok(accepts(parse(example)), JSON.stringify(accepts.errors));
  t.ok(accepts(parse(REST)), JSON.stringify(accepts.errors));
});

t.test('an editor marks unknown keys and literal secrets', async (t) => {
  t.notOk(accepts({ ...parse(REST), sotre: {} }));
  t.notOk(accepts(parse(REST.replace('{ env: KEY }', 'literal'))));
});

t.test('every key is described to editors and shown in the example', async (t) => {
  const keys = keysOf(JSON.parse(schemaFile));
  t.ok(keys.length > 40);
  for (const [key, { description }] of keys) {
    t.ok(description, `${key} is described`);
    t.match(example, new RegExp(`\\b${key}:`), `${key} is in the example`);
  }
});

t.test('every key of the example has a comment, behind it or in the line above', async (t) => {
  const lines = example.split('\n');
  const bare = lines.filter(
    (line, index) => /^ *[A-Za-z-]+:/.test(line) && !line.includes('#') && !lines[index - 1]?.trim().startsWith('#'),
  );
  t.strictSame(bare, []);
});

const SECRETS = {
  'cdn-secret-key': 'sk',
  'cdn-api-key': 'ak',
  'terraform-secret-key': 'secret-of-terraform',
  'script-api-key': 'secret-of-script',
};

t.test('the example loads, given the variable and the files it names', async (t) => {
  const folder = t.testdir({ 'gateway.yaml': example, secrets: SECRETS });
  const config = loadConfig({ file: join(folder, 'gateway.yaml'), env: { CDN_ACCESS_KEY: 'AK' } });
  t.strictSame([...config.accounts.keys()], ['main', 'reports']);
  t.strictSame(
    config.consumers.map(({ name }) => name),
    ['purge-bot', 'terraform', 'script'],
  );
});
