import t from 'tap';
import { loadCatalogue } from '../../src/catalog/api-interface.ts';
import { accountOf, authorize } from '../../src/catalog/consumer.ts';

const catalogue = loadCatalogue();
const purge = {
  name: 'purge',
  accounts: ['main', 'other'],
  allow: ['POST /ccm/purge/*'],
};

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
