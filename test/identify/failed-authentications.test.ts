import t from 'tap';
import { FailedAuthentications, failureKey } from '../../src/identify/failed-authentications.ts';

t.test('twenty failures in any minute are told why, the next one when it must wait until', async (t) => {
  const failures = new FailedAuthentications();
  for (let n = 0; n < 20; n += 1) {
    t.equal(failures.waitMs('a', n * 100), 0);
    failures.add('a', n * 100);
  }
  t.equal(failures.waitMs('a', 2_000), 58_000);
  t.equal(failures.waitMs('b', 2_000), 0, 'nobody else waits');
  t.equal(failures.waitMs('a', 59_999), 1);
  t.equal(failures.waitMs('a', 60_000), 0);
  failures.add('a', 60_000);
  t.equal(failures.waitMs('a', 60_000), 100);
});

t.test('whoever goes on trying waits no longer for it', async (t) => {
  const failures = new FailedAuthentications();
  for (let n = 0; n < 500; n += 1) failures.add('a', n);
  t.equal(failures.waitMs('a', 500), 59_500);
});

t.test('ten thousand are remembered, those that failed last', async (t) => {
  const failures = new FailedAuthentications();
  for (let n = 0; n < 20; n += 1) failures.add('first', 0);
  for (let n = 0; n < 9_999; n += 1) failures.add(`${n}`, 1);
  t.equal(failures.size, 10_000);
  t.ok(failures.waitMs('first', 2) > 0);
  for (let n = 0; n < 100_000; n += 1) failures.add(`x${n}`, 2);
  t.equal(failures.size, 10_000);
  t.equal(failures.waitMs('first', 2), 0);
});

t.test('an address counts once in each of its spellings, a host of IPv6 once with all of its addresses', async (t) => {
  const sources = (...peers: string[]) => new Set(peers.map((peer) => failureKey(peer, undefined))).size;
  t.equal(sources('192.0.2.1', '::ffff:192.0.2.1'), 1);
  t.equal(sources('192.0.2.1', '192.0.2.2'), 2);
  t.equal(sources('2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', '2001:db8:1:2:ffff::1%eth0'), 1);
  t.equal(sources('2001:db8:1:2::1', '2001:db8:1:3::1', '2001:db8::1', '::1', 'fe80::1'), 5);
  t.equal(sources('2001:db8::1', '2001:db8:0:0:1::'), 1);
  t.not(failureKey('192.0.2.1', 'vk'), failureKey('192.0.2.1', undefined));
});
