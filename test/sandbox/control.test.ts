import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { type ClientAnswer, call, send } from './client-answer.ts';

function ask(control: string, line: string, body?: string): Promise<ClientAnswer> {
  const [method = '', target = ''] = line.split(' ');
  return send(control, { method, target, body });
}

t.test('reports, takes and drops rules, and resets over HTTP', async (t) => {
  const sandbox = await startSandbox({});
  t.teardown(sandbox.close);
  const { origin, control } = sandbox;
  t.equal((await ask(control, 'POST /__sandbox/behave', '{"status":503,"times":5}')).status, 204);
  t.equal((await call(origin, { target: '/x' })).status, 503);
  t.equal((await ask(control, 'DELETE /__sandbox/behave')).status, 204);
  t.equal((await call(origin, { target: '/x' })).status, 200);
  const report = await ask(control, 'GET /__sandbox/report');
  t.same(JSON.parse(String(report.bytes)), sandbox.report());
  t.equal(sandbox.report().arrivals, 2, 'the control port is not counted');
  t.equal((await ask(control, 'POST /__sandbox/reset')).status, 204);
  t.equal(sandbox.report().arrivals, 0);
});

t.test('refuses a bad rule with a message, and does not follow it', async (t) => {
  const { origin, control, close } = await startSandbox({});
  t.teardown(close);
  for (const [body, message] of [
    ['{"status":503,', 'JSON'],
    ['{"fault":"explode"}', '/fault'],
    ['[]', 'object'],
    ['', 'JSON'],
  ] as const) {
    const answer = await ask(control, 'POST /__sandbox/behave', body);
    t.equal(answer.status, 400, body);
    t.match(JSON.parse(String(answer.bytes)), { message }, body);
  }
  t.equal((await call(origin, { target: '/x' })).status, 200);
});

t.test('answers nothing else, and the API port knows nothing of it', async (t) => {
  const { origin, control, close } = await startSandbox({});
  t.teardown(close);
  t.equal((await ask(control, 'GET /api/domain')).status, 404);
  t.equal((await ask(control, 'GET /__sandbox/reset')).status, 404);
  t.equal((await ask(origin, 'POST /__sandbox/reset')).status, 401);
});
