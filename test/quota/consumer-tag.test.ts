import { createHash } from 'node:crypto';
import t from 'tap';
import { consumerTag } from '../../src/quota/consumer-tag.ts';

t.test('the tag is the first four base64url characters of the SHA-256 of the name', async (t) => {
  const digest = createHash('sha256').update('purge-bot').digest('base64url');

  t.equal(consumerTag('purge-bot'), digest.slice(0, 4));
});

t.test('the tags of fifty names differ', async (t) => {
  const names = Array.from({ length: 50 }, (_, n) => `consumer-${n}`);

  t.equal(new Set(names.map(consumerTag)).size, names.length);
});
