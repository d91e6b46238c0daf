import { writeFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { Tls } from '../../src/catalog/listener.ts';
import { Secret } from '../../src/catalog/secret.ts';
import { areSame, changesOf, keepSame } from '../../src/config/changes.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ACCOUNT, DIGEST, REST, withAccount } from './bad-file.ts';

const folder = t.testdir();

function load(yaml: string, key = 'key') {
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env: { KEY: key, NEXT: 'next' } });
}

const NOBODY = { added: [], removed: [], changed: [] };

t.test('two loads of one configuration say the same, however it is written', async (t) => {
  t.equal(changesOf(load(REST), load(`# a comment\nlog: { level: info }\n${REST}`)), undefined);
});

t.test('two secrets are the same only if their texts are', async (t) => {
  t.ok(areSame({ a: new Secret('one') }, { a: new Secret('one') }));
  t.notOk(areSame({ a: new Secret('one') }, { a: new Secret('two') }));
  t.notOk(areSame(new Secret('one'), {}));
  t.notOk(areSame({}, new Secret('one')));
});

t.test('lists, mappings and what is not there are told apart', async (t) => {
  t.notOk(areSame([], {}));
  t.notOk(areSame(new Map(), {}));
  t.notOk(areSame({ a: undefined }, {}));
  t.notOk(areSame({ a: undefined }, { b: undefined }));
  t.notOk(areSame([1, 2], [2, 1]));
  t.notOk(areSame(null, {}));
  t.ok(areSame(new Map([['a', [1]]]), new Map([['a', [1]]])));
});

t.test('what may hide what it holds is only the same as itself', async (t) => {
  const [one, other] = [new BlockList(), new BlockList()];
  other.addAddress('127.0.0.1');
  t.notOk(areSame({ one }, { one: other }));
  t.ok(areSame({ one }, { one }));
});

t.test('accounts and callers that came, went or differ are named', async (t) => {
  const bot = (name: string) =>
    `  ${name}: { token: { sha256: ${name === 'a' ? DIGEST : 'b'.repeat(64)} }, accounts: [main], allow: ["*"] }\n`;
  t.match(changesOf(load(REST), load(REST, 'another key')), {
    accounts: { ...NOBODY, changed: ['main'] },
    consumers: NOBODY,
    fixed: [],
  });
  const next = '    nextCredential: { type: api-key, username: u, apiKey: { env: NEXT } }\n';
  t.match(changesOf(load(REST), load(withAccount(next))), { accounts: { changed: ['main'] } });
  t.match(changesOf(load(`${ACCOUNT}consumers:\n${bot('a')}`), load(`${REST}consumers:\n${bot('b')}`)), {
    accounts: NOBODY,
    consumers: { added: ['b', 'anonymous'], removed: ['a'], changed: [] },
  });
  const other = '  other: { credential: { type: api-key, username: u, apiKey: { env: KEY } } }\n';
  t.match(changesOf(load(withAccount(other)), load(REST)), { accounts: { ...NOBODY, removed: ['other'] } });
});

for (const [key, yaml] of [
  ['listen', 'listen: [{ port: 1 }]'],
  ['admin', 'admin: { port: 1 }'],
  ['store', 'store: { type: redis, url: { env: KEY } }'],
  ['limits', 'limits: { drain: 1s }'],
  ['log', 'log: { level: debug }'],
  ['audit', 'audit: { file: audit.log }'],
] as const) {
  t.test(`${key} is fixed`, async (t) => {
    t.strictSame(changesOf(load(REST), load(`${yaml}\n${REST}`, 'redis://h'))?.fixed, [key]);
  });
}

t.test("a listener's certificate may change, and whether it has one may not", async (t) => {
  const config = load(REST);
  const withTls = (tls: Tls) => ({
    ...config,
    listen: config.listen.map((listener) => ({ ...listener, tls })),
  });
  const old = withTls({ cert: 'old', key: new Secret('old') });
  t.match(changesOf(old, withTls({ cert: 'new', key: new Secret('new') })), { certificates: ['listen[0]'], fixed: [] });
  t.match(changesOf(old, withTls({ cert: 'old', key: new Secret('new') })), { certificates: ['listen[0]'], fixed: [] });
  t.match(changesOf(old, config), { fixed: ['listen'] });
  t.match(changesOf(old, withTls({ cert: 'old', key: new Secret('old'), clientCa: 'ca' })), { fixed: ['listen'] });
});

t.test('what says the same stays the very same', async (t) => {
  const [a, b] = [{ text: new Secret('a') }, { text: new Secret('b') }];
  const kept = keepSame(
    new Map([
      ['a', a],
      ['b', b],
    ]),
    new Map([
      ['b', { text: new Secret('other') }],
      ['a', { text: new Secret('a') }],
    ]),
  );
  t.strictSame([...kept.keys()], ['b', 'a']);
  t.equal(kept.get('a'), a);
  t.not(kept.get('b'), b);
});
