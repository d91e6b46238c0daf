import { readFileSync } from 'node:fs';
import t from 'tap';
import { ALLOW_PATTERN, INTERFACE_PATTERN } from '../../src/config/interface-pattern.ts';

const interfaces: { method: string; uri: string }[] = JSON.parse(
  readFileSync(new URL('../../config/interfaces.json', import.meta.url), 'utf8'),
);

t.test('every interface of the catalogue can be named, and allowed', async (t) => {
  const names = interfaces.map(({ method, uri }) => `${method} ${uri}`);
  t.ok(names.length > 1_000);
  t.strictSame(
    names.filter((name) => !new RegExp(INTERFACE_PATTERN, 'u').test(name)),
    [],
  );
  t.strictSame(
    names.filter((name) => !new RegExp(ALLOW_PATTERN, 'u').test(name)),
    [],
  );
});

t.test('only a pattern may stand for several methods or for the rest of a path', async (t) => {
  for (const pattern of ['*', 'read-only', '* /a', 'GET /a/**', '* /**', 'ENABLE /api/domain/*']) {
    t.match(pattern, new RegExp(ALLOW_PATTERN, 'u'));
  }
  for (const pattern of ['*', 'read-only', '* /a', 'GET /a/**'])
    t.notMatch(pattern, new RegExp(INTERFACE_PATTERN, 'u'));
});

t.test('half a pattern is none', async (t) => {
  for (const pattern of [
    '',
    '/a',
    'GET',
    'GET a',
    'get /a',
    'GET  /a',
    'GET /a b',
    'GET /a*',
    'GET /**/a',
    'GET /a**',
    'TRACE /a',
  ]) {
    t.notMatch(pattern, new RegExp(ALLOW_PATTERN, 'u'), JSON.stringify(pattern));
  }
  for (const pattern of ['GET /a?b', 'GET /a#b', 'GET /a\n', 'GET /a\0', '**', 'read-only ']) {
    t.notMatch(pattern, new RegExp(ALLOW_PATTERN, 'u'), JSON.stringify(pattern));
  }
});
