import t from 'tap';
import { isNetwork, loopbackAnd } from '../../src/catalog/network.ts';

t.test('a network holds its addresses, however a socket of two families writes them', async (t) => {
  const isIn = loopbackAnd(['192.0.2.128/25', '2001:db8::/33']);
  for (const [address, expected] of [
    ['127.0.0.1', true],
    ['::1', true],
    ['192.0.2.128', true],
    ['192.0.2.255', true],
    ['192.0.2.127', false],
    ['::ffff:192.0.2.129', true],
    ['::ffff:192.0.2.1', false],
    ['2001:db8:7fff::1', true],
    ['2001:db8:8000::1', false],
    ['2001:db8::1%eth0', true],
    ['localhost', false],
    ['192.0.2.128/25', false],
    ['', false],
  ] as const) {
    t.equal(isIn(address), expected, address);
  }
});

t.test('without networks there is loopback alone', async (t) => {
  const isIn = loopbackAnd([]);
  t.ok(isIn('127.0.0.1'));
  t.notOk(isIn('10.0.0.1'));
});

t.test('a network is an address and at least one bit', async (t) => {
  for (const text of ['10.0.0.0/8', '10.1.2.3/32', '::/1', 'fd00::/8', '::ffff:10.0.0.0/104'])
    t.ok(isNetwork(text), text);
  for (const text of [
    '',
    '/',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/0',
    '10.0.0.0/33',
    '::/129',
    '10.0/8',
    'a/8',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    ' 10.0.0.0/8',
    '10.0.0.0/8.0',
    '*',
  ])
    t.notOk(isNetwork(text), text);
});
