import t from 'tap';
import { denied, permitOf, request, spend, WINDOW_MS } from '../conformance/turned-store.ts';
import { twoReplicas } from '../support/two-replicas.ts';

t.test('an admission is one call of Redis and its settlement another, also after a wait', async (t) => {
  const { fleet, one } = await twoReplicas(t);
  await fleet.beat();
  const before = one.client.calls;
  const permit = await permitOf(one.store);
  t.equal(one.client.calls - before, 1);
  await one.store.settle(permit);
  t.equal(one.client.calls - before, 2);

  await spend(one.store, 2);
  const spent = one.client.calls;
  await denied(one.store);
  t.equal(one.client.calls - spent, 1, 'a denial is one too');
  const waiting = await permitOf(one.store, request({ maxWaitMs: 2 * WINDOW_MS }));
  t.equal(one.client.calls - spent, 2, 'waiting asks nothing further');
  await one.store.settle(waiting);
  t.equal(one.client.calls - spent, 3);
});
