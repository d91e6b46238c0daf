import fc from 'fast-check';
import t from 'tap';
import { request } from 'undici';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway } from '../support/gateway.ts';
import { send } from '../support/send.ts';

t.test('200 identical GETs and 200 POSTs that differ only by query, all at once: no replay is refused', async (t) => {
  const sandbox = await startSandbox({ quota: { account: 100_000, interface: 100_000, windowMs: 300_000 } });
  const gateway = await startTestGateway(sandbox.origin);
  t.teardown(async () => {
    await gateway.drain();
    await sandbox.close();
  });
  const gets = Array.from({ length: 200 }, () => request(`${gateway.url}/api/domain?same=1`));
  const posts = Array.from({ length: 200 }, (_, n) =>
    request(`${gateway.url}/api/report/flow/area?n=${n}`, { method: 'POST', body: '{"same":true}' }),
  );
  const statuses = await Promise.all(
    [...gets, ...posts].map(async (answer) => {
      const { statusCode, body } = await answer;
      await body.dump();
      return statusCode;
    }),
  );
  t.equal(statuses.filter((status) => status === 200).length, 400);
  t.equal(sandbox.report().verified, 400);
  t.strictSame(sandbox.report().refused, {}, 'among them no replay');
});

for (const account of ['main', 'reports'])
  t.test(
    `whatever target and headers a caller sends, the vendor sees a right signature or nothing (${account})`,
    async (t) => {
      const sandbox = await startSandbox({ quota: { account: 1e6, interface: 1e6, windowMs: 300_000 } });
      const gateway = await startTestGateway(sandbox.origin, {
        anonymous: { account, allow: ['*'] },
        log: { level: 'silent' },
      });
      t.teardown(async () => {
        await gateway.drain();
        await sandbox.close();
      });

      const piece = fc.oneof(
        fc.string({ maxLength: 5 }).map((text) => text.replace(/[^!-~]/g, '')),
        fc.constantFrom(
          '/',
          '//',
          '.',
          '..',
          ';',
          '?',
          '&',
          '=',
          '+',
          '%',
          '%20',
          '%2F',
          '%5C',
          '%2e',
          '%41',
          '%C3%A9',
          '%ff',
          '%0A',
          '#',
          '"',
          'api',
          'domain',
          '{',
          '|',
          '\\',
          'www.example.com',
          '12345',
          '%00',
          '%zz',
          'x=%2B',
        ),
      );
      const target = fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join('')}`);
      const value = fc.string({ maxLength: 12 }).map((text) => text.replace(/[^!-~ ]/g, ''));
      const name = fc.constantFrom(
        'authorization',
        'x-cnc-accessKey',
        'X-CNC-Timestamp',
        'x-cnc-auth-method',
        'x-cnc-date',
        'date',
        'cookie',
        'proxy-authorization',
        'forwarded',
        'x-forwarded-for',
        'x-ws-accesskey',
        'x-gateway-account-note',
        'content-type',
        'Accept',
        'user-agent',
        'te',
        'keep-alive',
        'x-time-zone',
        'if-none-match',
        'apikey',
        'X-Internal-Token',
      );
      const contentType = fc
        .array(
          fc.constantFrom('Multipart/Form-Data', 'text/plain', ';', ' ', '\t', 'Boundary=', 'x-', 'AbC', '"A;b"', '='),
        )
        .map((pieces) => pieces.join('').trim());
      const header = fc.oneof(
        { weight: 5, arbitrary: fc.tuple(name, value) },
        { weight: 1, arbitrary: fc.tuple(fc.constant('content-type'), contentType) },
      );
      const headers = fc.array(header, { maxLength: 6 });
      const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS');

      let forwarded = 0;
      let counter = 0;
      const seen = new Map<number, number>();
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(method, target, headers), { minLength: 20, maxLength: 20 }),
          async (batch) => {
            await Promise.all(
              batch.map(async ([verb, path, extra]) => {
                const body = verb === 'GET' || verb === 'HEAD' ? '' : `{"n":${counter++}}`;
                const { status, gatewayError, message } = await send(gateway.url, {
                  method: verb,
                  target: path,
                  headers: extra,
                  body,
                });
                seen.set(status, (seen.get(status) ?? 0) + 1);
                if (gatewayError === undefined && status < 500) forwarded++;
                else if (gatewayError !== 'request-invalid' || status !== 400 || message === '') {
                  throw new Error(`${verb} ${path} ${JSON.stringify(extra)}: ${status} ${gatewayError} ${message}`);
                }
              }),
            );
          },
        ),
        { numRuns: 250, endOnFailure: true },
      );

      const report = sandbox.report();
      t.comment(`statuses ${JSON.stringify([...seen])}, ${forwarded} of 5000 forwarded`);
      t.ok(forwarded > 1000, 'many targets are forwarded');
      t.equal(report.arrivals, forwarded);
      t.equal(report.verified, forwarded, 'each with a right signature');
      t.strictSame(report.refused, {});
      t.strictSame(report.leakedHeaders, {}, 'and nothing of the caller that must stay inside');
    },
  );
