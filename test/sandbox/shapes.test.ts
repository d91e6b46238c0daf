import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { call } from './client-answer.ts';

t.test('answers in the shapes of the vendor', async (t) => {
  const { origin, close } = await startSandbox({});
  t.teardown(close);
  const ask = async (line: string, headers = {}) => {
    const [method = '', target = ''] = line.split(' ');
    const { bytes, ...answer } = await call(origin, { method, target }, headers);
    return { ...answer, text: String(bytes), json: () => JSON.parse(String(bytes)) };
  };

  t.test('lists its domains and knows no other', async (t) => {
    const list = (await ask('GET /api/domain')).json();
    t.match(list, { code: '0', data: [{ 'domain-name': 'www.example.com' }] });
    t.match((await ask('GET /api/domain/www.example.com')).json(), { data: { 'domain-name': 'www.example.com' } });
    const unknown = await ask('GET /api/domain/www.example.org');
    t.match({ status: unknown.status, ...unknown.json() }, { status: 400, code: 'NoSuchDomain', message: String });
  });

  t.test('accepts changes of domains, whose progress can be asked for by request id', async (t) => {
    for (const line of ['POST /api/domain', 'PUT /api/domain/www.example.com', 'DELETE /api/domain/www.example.com']) {
      const { status, headers } = await ask(line);
      t.equal(status, 202, line);
      t.match(headers['location'], `${origin}/api/domain/`, line);
      t.match((await ask(`GET /api/request/${headers['x-cnc-request-id']}`)).json(), { 'async-result': 'SUCCESS' });
    }
  });

  t.test('says the id of a new certificate in an absolute location alone', async (t) => {
    for (const path of ['/api/certificate', '/cdn/certificates']) {
      const { status, headers, text } = await ask(`POST ${path}`);
      t.equal(status, 201);
      const id = String(headers['location']).slice(`${origin}${path}/`.length);
      t.match(headers['location'], `${origin}${path}/`);
      t.match(id, /^[0-9a-f]{6,}$/);
      t.notMatch(text, id);
    }
  });

  t.test('answers 204 without body or length to a deleted certificate', async (t) => {
    const { status, headers, text } = await ask('DELETE /api/certificate/123456');
    t.same({ status, text, length: headers['content-length'] }, { status: 204, text: '', length: undefined });
  });

  t.test('takes purges and prefetches', async (t) => {
    for (const path of ['/ccm/purge/ItemIdReceiver', '/ccm/fetch/ItemIdReceiver']) {
      t.match((await ask(`POST ${path}`)).json(), { Code: 1, Message: 'handle success', itemId: /^[0-9a-f]{32}$/ });
    }
  });

  t.test('answers HEAD as GET without the body', async (t) => {
    const get = await ask('GET /api/domain');
    const head = await ask('HEAD /api/domain');
    t.equal(head.text, '');
    t.equal(head.headers['content-length'], String(get.text.length));
  });

  t.test('speaks XML and gzip when asked to', async (t) => {
    t.match((await ask('GET /api/domain', { accept: 'application/xml' })).text, /^<\?xml.*\n<response><code>0<\/code>/);
    const zipped = await call(origin, { target: '/api/domain' }, { 'accept-encoding': 'gzip' });
    t.match(String(gunzipSync(zipped.bytes)), '"www.example.com"');
  });

  t.test('gives back the target and a hash of the body as they arrived, byte by byte', async (t) => {
    const body = '{"n":12345678901234567890,\n"é":"\\u00e9"}';
    const request = { method: 'PUT', target: '/new/7?b=%20&a=%e4%b8%ad', contentType: 'text/plain', body };
    const bodySha256 = createHash('sha256').update(body).digest('hex');
    t.same(JSON.parse(String((await call(origin, request)).bytes)), {
      code: '0',
      message: 'success',
      interface: 'PUT /new/*',
      data: {
        method: 'PUT',
        target: request.target,
        contentType: 'text/plain',
        bodySha256,
        bodyBytes: Buffer.byteLength(body),
      },
    });
  });
});
