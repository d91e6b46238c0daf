// Calls that change something leave a line.
import { hash } from 'node:crypto';
import { renameSync } from 'node:fs';
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import { send } from '../sandbox/client-answer.ts';
import { linesOf, startAudited } from '../support/audited.ts';
import { httpAnswer } from '../support/raw-upstream.ts';

t.test('a call that changes something leaves one line, before its caller has the answer', async (t) => {
  const { post, lines, gateway } = await startAudited(t);
  t.equal((await post('/ccm/purge/ItemIdReceiver?x=1')).status, 200);
  const [line] = lines();
  t.match(line?.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.strictSame(lines(), [
    {
      time: line?.time,
      reqId: gateway.log.find(({ msg }) => msg === 'request completed')?.['reqId'] ?? line?.reqId,
      consumer: 'anonymous',
      account: 'main',
      credential: 'first',
      interface: 'POST /ccm/purge/ItemIdReceiver',
      method: 'POST',
      target: '/ccm/purge/ItemIdReceiver?x=1',
      bodySha256: hash('sha256', '{"a":1}'),
      outcome: 'sent',
      status: 200,
      cncRequestId: 'the-id-of-the-vendor',
    },
  ]);
});

t.test('look-ups, refusals and what the gateway itself answers leave none', async (t) => {
  const { get, gateway, lines, post } = await startAudited(t);
  await get();
  await send(gateway.url, { method: 'HEAD', target: '/api/domain' });
  await post('/api/../x');
  await post('/a', { 'x-gateway-account': 'nobody' });
  t.strictSame(lines(), []);
});

t.test(
  'a GET that changes something or gives out a credential leaves one, known to the catalogue or not',
  async (t) => {
    const { gateway, lines } = await startAudited(t);
    const targets = [
      '/api/v1/common/sys-domain-info/remove?domain=www.example.com',
      '/vod/audioManage/getAudioUploadToken',
      '/api/ssl/content/7/download',
      '/api/thing/disable',
      '/ccm/fetch/ItemIdReceiver',
    ];
    for (const target of targets) await send(gateway.url, { target });
    await send(gateway.url, { target: '/api/thing/7' });
    t.strictSame(
      lines().map(({ method, target }) => `${method} ${target}`),
      targets.map((target) => `GET ${target}`),
    );
  },
);

t.test('every other method leaves one, an override under its own name', async (t) => {
  const { gateway, lines, post } = await startAudited(t);
  for (const method of ['PUT', 'PATCH', 'DELETE']) await send(gateway.url, { method, target: '/a' });
  await post('/a', { 'x-http-method-override': 'DISABLE' });
  t.strictSame(
    lines().map(({ method, interface: name }) => [method, name]),
    ['PUT', 'PATCH', 'DELETE', 'DISABLE'].map((method) => [method, `${method} /a`]),
  );
});

t.test('a call without an answer has its line too, and says that it may have been carried out', async (t) => {
  const { upstream, post, lines } = await startAudited(t);
  upstream.answerWith((socket) => socket.resetAndDestroy());
  t.equal((await post()).status, 502);
  const [line] = lines();
  t.match(line, { outcome: 'unknown', method: 'POST' });
  t.notOk(line && 'status' in line);
});

t.test('a call that is sent again with the next credential leaves two lines', async (t) => {
  const next = { type: 'access-key', accessKey: 'next', secretKey: new Secret('next') } as const;
  const { upstream, post, lines } = await startAudited(t, { next });
  upstream.answerWith((socket, { bytes }) =>
    socket.write(httpAnswer(bytes.includes('Credential=next') ? '200 OK' : '462 Refused', {}, '{}')),
  );
  t.equal((await post()).status, 200);
  t.match(lines(), [
    { credential: 'first', status: 462 },
    { credential: 'next', status: 200 },
  ]);
  t.equal(lines()[0]?.reqId, lines()[1]?.reqId);
});

t.test('after logrotate, a reload goes on in a new file', async (t) => {
  const { post, file, gateway, lines } = await startAudited(t);
  await post('/a?one');
  renameSync(file, `${file}.1`);
  await post('/a?two');
  await gateway.reload(() => {
    throw new Error('also if the configuration is refused');
  });
  await post('/a?three');
  t.strictSame(
    linesOf(`${file}.1`).map(({ target }) => target),
    ['/a?one', '/a?two'],
  );
  t.match(lines(), [{ target: '/a?three' }]);
});

t.test('the hash is that of the bytes that were sent, also of none and of those that are no text', async (t) => {
  const { gateway, lines, upstream } = await startAudited(t);
  const binary = Buffer.from(Array.from({ length: 70_000 }, (_, n) => (n * 7919) % 256));
  await send(gateway.url, { method: 'DELETE', target: '/none' });
  await send(gateway.url, { method: 'PUT', target: '/binary', body: binary });
  t.strictSame(
    lines().map(({ bodySha256 }) => bodySha256),
    upstream.requests.map(({ body }) => hash('sha256', body)),
  );
  t.strictSame(
    lines().map(({ bodySha256 }) => bodySha256),
    [hash('sha256', ''), hash('sha256', binary)],
  );
});

t.test('while the file is put away again and again under load, each call is in one of the files, once', async (t) => {
  const { post, file, gateway, upstream } = await startAudited(t);
  const FILES = 20;
  let done = false;
  let calls = 0;
  const callers = Array.from({ length: 8 }, async () => {
    while (!done) await post(`/a?${calls++}`);
  });
  for (let n = 0; n < FILES; n++) {
    const enough = upstream.requests.length + 8;
    while (upstream.requests.length < enough) await new Promise((resolve) => setImmediate(resolve));
    renameSync(file, `${file}.${n}`);
    await gateway.reload(() => {
      throw new Error('nothing else changes');
    });
  }
  done = true;
  await Promise.all(callers);
  const files = [...Array.from({ length: FILES }, (_, n) => `${file}.${n}`), file];
  const recorded = files.flatMap((name) => linesOf(name).map(({ target }) => target));
  t.equal(recorded.length, upstream.requests.length);
  t.strictSame(new Set(recorded), new Set(upstream.requests.map(({ target }) => target)));
});
