import { createHash } from 'node:crypto';
import t from 'tap';
import { loadCatalogue } from '../../src/catalog/api-interface.ts';
import { accountOf, authorize, identify } from '../../src/catalog/consumer.ts';

const catalogue = loadCatalogue();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const anonymous = { name: 'anonymous', accounts: ['main'], allow: ['*'] };
const purge = {
  name: 'purge',
  accounts: ['main', 'other'],
  allow: ['POST /ccm/purge/*'],
  tokenSha256: sha256('token-of-purge'),
};
const report = { name: 'report', accounts: ['main'], allow: ['read-only'], tokenSha256: sha256('token-of-report') };

function may(allow: string[], method: string, matchPath: string): boolean {
  try {
    const call = { method, matchPath, apiInterface: catalogue.find(method, matchPath) };
    authorize({ name: 'x', accounts: [], allow }, call);
    return true;
  } catch (error) {
    t.match(error, { code: 'consumer-forbidden' });
    return false;
  }
}

t.test('a token tells the consumer, in any case of the word Bearer', async (t) => {
  t.equal(identify('Bearer token-of-purge', { consumers: [purge, report] }), purge);
  t.equal(identify('bearer token-of-report', { consumers: [purge, report] }), report);
});

t.test('a wrong token is refused even where callers without credentials are let in', async (t) => {
  const known = { consumers: [purge], anonymous };
  t.throws(() => identify('Bearer wrong', known), { code: 'consumer-unknown' });
  t.throws(() => identify(`Bearer ${purge.tokenSha256}`, known), { code: 'consumer-unknown' });
});

t.test('other credentials are nobody: anonymous if that is allowed, else refused', async (t) => {
  t.equal(identify('Basic eDp5', { consumers: [purge], anonymous }), anonymous);
  t.equal(identify(undefined, { consumers: [], anonymous }), anonymous);
  t.equal(identify('Bearer whatever', { consumers: [], anonymous }), anonymous);
  t.throws(() => identify(undefined, { consumers: [purge] }), { code: 'consumer-unknown' });
});

t.test('the first account is the default, another is picked by name, a foreign one is forbidden', async (t) => {
  t.equal(accountOf(purge, undefined), 'main');
  t.equal(accountOf(purge, 'other'), 'other');
  for (const name of ['third', '', 'Main', '__proto__']) {
    t.throws(() => accountOf(purge, name), { code: 'consumer-forbidden' });
  }
});

t.test('patterns: method and path, one segment, the rest, everything, look-ups; nothing else', async (t) => {
  t.ok(may(['*'], 'DELETE', '/api/domain/x'));
  t.ok(may(['POST /ccm/purge/*'], 'POST', '/ccm/purge/ItemIdReceiver'));
  t.notOk(may(['POST /ccm/purge/*'], 'PUT', '/ccm/purge/ItemIdReceiver'));
  t.notOk(may(['POST /ccm/purge/*'], 'POST', '/ccm/purge/a/b'));
  t.notOk(may(['POST /ccm/purge/*'], 'POST', '/ccm/purge'));
  t.notOk(may(['POST /ccm/purge/*'], 'POST', '/CCM/purge/x'));
  t.ok(may(['* /api/**'], 'PUT', '/api/domain/x/y'));
  t.notOk(may(['* /api/**'], 'PUT', '/apis/domain'));
  t.ok(may(['read-only'], 'GET', '/api/anything'));
  t.ok(may(['read-only'], 'POST', '/api/report/flow/area'), 'a POST that only looks up');
  t.notOk(may(['read-only'], 'POST', '/ccm/purge/ItemIdReceiver'));
  t.notOk(may([], 'GET', '/api/domain'));
});
