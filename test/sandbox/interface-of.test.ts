import fc from 'fast-check';
import t from 'tap';
import { interfaceOf, readInterfaceCatalogue, toInterfaceCatalogue } from '../../src/sandbox/interface-of.ts';

const catalogue = readInterfaceCatalogue();

function named(request: string): string {
  const [method = '', path = ''] = request.split(' ');
  return interfaceOf({ method, path }, catalogue);
}

t.test('finds the interface of the catalogue', async (t) => {
  for (const [request, id] of [
    ['GET /api/domain', 'GET /api/domain'],
    ['GET /api/domain/www.example.com', 'GET /api/domain/*'],
    ['GET /api/certificate/12/content', 'GET /api/certificate/*/content'],
    ['POST /ccm/purge/ItemIdReceiver', 'POST /ccm/purge/ItemIdReceiver'],
    ['PUT /api/config/certificate/batch', 'PUT /api/config/certificate/batch'],
    ['PUT /api/config/certificate/www.example.com', 'PUT /api/config/certificate/*'],
  ] as const) {
    t.equal(named(request), id, request);
  }
});

t.test('one interface has one name, however its path is spelled', async (t) => {
  for (const path of ['/api/domain', '//api///domain', '/api/domain/', '/api/%64omain', '/%61%70%69%2Fdomain']) {
    t.equal(named(`GET ${path}`), 'GET /api/domain', path);
  }
  t.equal(named('HEAD /api/domain'), 'GET /api/domain');
});

t.test('a path outside the catalogue is named with its ids as stars', async (t) => {
  for (const [request, id] of [
    ['GET /new/thing', 'GET /new/thing'],
    ['GET /new/12345/deadbeef/dead', 'GET /new/*/*/dead'],
    ['GET /new/5dca2205f9e9cc0001df7b33', 'GET /new/*'],
    ['GET /new/123E4567-e89b-12d3-a456-426614174000', 'GET /new/*'],
    ['GET /new/www.example.com', 'GET /new/*'],
    ['BREW /api/domain', 'BREW /api/domain'],
    ['GET /new/%zz', 'GET /new/%zz'],
    ['GET /', 'GET /'],
  ] as const) {
    t.equal(named(request), id, request);
  }
});

const templates = fc.array(fc.array(fc.constantFrom('a', 'b', '*'), { minLength: 1, maxLength: 4 }), { maxLength: 12 });
const paths = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 });

t.test('of all templates that fit, the most literal from the left wins', async () => {
  fc.assert(
    fc.property(templates, paths, (rows, path) => {
      const fitting = rows
        .filter(
          (row) => row.length === path.length && row.every((segment, i) => segment === '*' || segment === path[i]),
        )
        // A star sorts before letters, so the most literal is the last.
        .map((row) => row.join('/'))
        .sort();
      const built = toInterfaceCatalogue(rows.map((row) => ({ method: 'GET', uri: `/${row.join('/')}` })));
      return (
        interfaceOf({ method: 'GET', path: `/${path.join('/')}` }, built) === `GET /${fitting.at(-1) ?? path.join('/')}`
      );
    }),
    { numRuns: 500 },
  );
});
