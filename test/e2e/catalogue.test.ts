// Every interface of the catalogue goes to the sandbox, which verifies the signature and tells which interface it took it for.
import t from 'tap';
import { loadCatalogue } from '../../src/catalog/api-interface.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startTestGateway } from '../support/gateway.ts';

const BODILESS = new Set(['GET', 'HEAD']);

for (const [account, consumer] of [
  ['main', 'an access key'],
  ['reports', 'an API key'],
] as const) {
  t.test(`all interfaces arrive signed with ${consumer} and are charged as what they are`, async (t) => {
    const sandbox = await startSandbox({ quota: { account: 100_000, interface: 100_000, windowMs: 300_000 } });
    const gateway = await startTestGateway(sandbox.origin, { anonymous: { account, allow: ['*'] } });
    t.teardown(async () => {
      await gateway.drain();
      await sandbox.close();
    });
    const { interfaces } = loadCatalogue();
    const wrong: string[] = [];
    for (let start = 0; start < interfaces.length; start += 40) {
      await Promise.all(
        interfaces.slice(start, start + 40).map(async ({ id }, index) => {
          const [method = '', uri = ''] = id.split(' ');
          const target = `${uri.replaceAll('*', 'www.example.com')}?n=${start + index}&name=John+Smith&plus=%2B&empty=`;
          const response = await fetch(gateway.url + target, {
            method,
            redirect: 'manual',
            ...(BODILESS.has(method) ? {} : { body: `{"id":"${id}","n":12345678901234567890}` }),
            headers: { 'content-type': 'application/json' },
          });
          if (response.status >= 400 && response.headers.has('x-gateway-error'))
            wrong.push(`${id}: ${response.status}`);
          await response.arrayBuffer();
        }),
      );
    }
    t.strictSame(wrong, [], 'the gateway refuses none');
    const report = sandbox.report();
    t.equal(report.verified, interfaces.length);
    t.strictSame(report.refused, {});
    t.strictSame(report.leakedHeaders, {});
    const seen = Object.values(report.interfaces)[0] ?? {};
    t.strictSame(
      Object.keys(seen).sort(),
      interfaces.map(({ id }) => id).sort(),
      'the sandbox saw each interface once',
    );
    const logged = gateway.log.filter((line) => line['msg'] === 'request completed').map((line) => line['interface']);
    t.strictSame(logged.sort(), interfaces.map(({ id }) => id).sort(), 'the gateway charged each interface once');
  });
}
