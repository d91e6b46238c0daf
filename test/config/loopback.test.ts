import t from 'tap';
import { isLoopback } from '../../src/config/loopback.ts';

t.test('127.0.0.0/8, ::1 and localhost are this machine', async (t) => {
  for (const host of ['127.0.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1', 'localhost', 'LocalHost']) {
    t.ok(isLoopback(host), host);
  }
});

t.test('no other address or name is, whatever it resolves to', async (t) => {
  for (const host of [
    '0.0.0.0',
    '::',
    '126.255.255.255',
    '128.0.0.0',
    '::2',
    '10.0.0.1',
    'localhost.example',
    '127.1',
    '',
  ]) {
    t.notOk(isLoopback(host), host);
  }
});
