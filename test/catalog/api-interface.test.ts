import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { loadCatalogue } from '../../src/catalog/api-interface.ts';
import { parseTarget } from '../../src/signing/target.ts';

const catalogue = loadCatalogue();

function idOf(method: string, target: string): string {
  return catalogue.find(method, parseTarget(target).matchPath).id;
}

t.test('the catalogue holds the 1302 interfaces of the vendor, each found under its own path', async (t) => {
  t.equal(catalogue.interfaces.length, 1302);
  t.match(readFileSync('README.md', 'utf8'), `the vendor's ${catalogue.interfaces.length} interfaces`);
  for (const { id } of catalogue.interfaces) {
    const [method = '', uri = ''] = id.split(' ');
    t.equal(idOf(method, uri.replaceAll('*', 'www.example.com')), id);
    t.equal(idOf(method, uri.replaceAll('*', '42')), id);
  }
});

t.test('literal segments beat *', async (t) => {
  t.equal(idOf('GET', '/cdn/purges/purgeSummary'), 'GET /cdn/purges/purgeSummary');
  t.equal(idOf('GET', '/cdn/purges/7'), 'GET /cdn/purges/*');
  t.equal(idOf('GET', '/api/certificate/ca/7'), 'GET /api/certificate/ca/*');
  t.equal(idOf('GET', '/api/certificate/7/content'), 'GET /api/certificate/*/content');
});

t.test('no spelling of a path leaves its interface', async (t) => {
  for (const target of [
    '/api/domain/x',
    '/api/%64omain/x',
    '/api/domain/x/',
    '/api/domain;v=1/x',
    '/api/domain/x;y',
    `/api/domain/${'a'.repeat(5000)}`,
    '/api/domain/x%25y',
    '/api/domain/:s3',
    '/api/domain/a%3Fb',
    '/api/domain/a%23b',
    '/api/domain/%E7%BD%91',
    '/api/domain/*',
    '/api/domain/a%3Bb',
  ]) {
    t.equal(idOf('GET', target), 'GET /api/domain/*', target);
  }
});

t.test('HEAD spends the quota of GET', async (t) => {
  t.equal(idOf('HEAD', '/api/domain'), 'GET /api/domain');
});

t.test('a path outside the catalogue is one interface whatever id it names', async (t) => {
  for (const id of ['123', '456', '0b0e7f6c-5d4c-4bfb-8f6e-0a1b2c3d4e5f', 'deadbeefcafe', 'www.example.com']) {
    t.equal(idOf('GET', `/api/thing/${id}`), 'GET /api/thing/*');
  }
  t.equal(idOf('GET', '/api/thing/list'), 'GET /api/thing/list');
  t.equal(catalogue.find('GET', '/api/thing/list').label, 'other');
});

t.test('an interface that only the configuration names is one of its own', async (t) => {
  const extended = loadCatalogue(['ENABLE /api/domain/*', 'GET /api/domain']);
  t.equal(extended.interfaces.length, 1303);
  t.equal(extended.find('ENABLE', '/api/domain/7').label, 'ENABLE /api/domain/*');
});

t.test('any path belongs to exactly one interface of its method', async () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 6 }), (segments) => {
      const matchPath = `/${segments
        .map((segment) => segment.replaceAll('/', ''))
        .filter(Boolean)
        .join('/')}`;
      const { id, label } = catalogue.find('GET', matchPath);
      return id.startsWith('GET /') && (label === id || label === 'other');
    }),
    { numRuns: 5000 },
  );
});

t.test('no spelling of what is no look-up becomes one', async (t) => {
  const catalogue = loadCatalogue();
  for (const path of [
    '/api/certificate/1/content',
    '/api/certificate/1/Content',
    '/API/certificate/1/CONTENT ',
    '/api/certificate/1/content.json',
    '/api/certificate/1/content/x',
  ]) {
    t.equal(catalogue.find('GET', path).readOnly, false, path);
  }
  t.equal(catalogue.find('GET', '/api/reports/of/yesterday').readOnly, true);
});
