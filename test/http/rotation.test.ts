import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';
import type { UpstreamCall } from '../../src/http/exchange.ts';
import { Rotation } from '../../src/http/rotation.ts';
import { accountsAt } from '../support/gateway.ts';

/** A rotation with a clock to turn, its account, and what it told. */
function start() {
  const main = accountsAt('https://vendor.example').get('main');
  if (main === undefined) throw new Error('no account');
  const nextCredential = { type: 'api-key', username: 'next', apiKey: new Secret('next') } as const;
  const account = { ...main, nextCredential };
  let at = 0;
  const told: string[] = [];
  const rotation = new Rotation({
    now: () => at,
    refused: (name, which) => told.push(`refused ${name} ${which}`),
    switched: (name) => told.push(`switched ${name}`),
  });
  const end = (credential: UpstreamCall['credential'], statusCode: number) =>
    rotation.ended({ account, credential } as UpstreamCall, { statusCode, headers: {} });
  const turn = (ms: number) => {
    at += ms;
  };
  return { rotation, account, told, end, turn };
}

t.test('after both were refused, the next one is tried again a minute later', async (t) => {
  const { rotation, account, told, end, turn } = start();
  t.match(rotation.nextOf(account), { which: 'next' });
  end('first', 462);
  t.match(rotation.nextOf(account), { which: 'next' });
  end('next', 401);
  t.equal(rotation.nextOf(account), undefined);
  turn(59_999);
  t.equal(rotation.nextOf(account), undefined);
  turn(1);
  t.match(rotation.nextOf(account), { which: 'next' });
  t.match(rotation.credentialOf(account), { which: 'first' });
  t.strictSame(told, ['refused main first', 'refused main next']);
});

t.test('once the next one was taken it stays, whatever the vendor says later', async (t) => {
  const { rotation, account, told, end } = start();
  end('next', 200);
  end('next', 204);
  t.match(rotation.credentialOf(account), { which: 'next' });
  end('next', 462);
  end('first', 200);
  t.match(rotation.credentialOf(account), { which: 'next' });
  t.match(rotation.nextOf(account), { which: 'next' }, 'for calls that were under way with the first');
  t.strictSame(told, ['switched main', 'refused main next']);
});

t.test(
  'an answer that may have come from before the check of the signature tells nothing of a credential',
  async (t) => {
    const { rotation, account, told, end } = start();
    for (const status of [446, 429, 500, 502, 503, 504]) end('next', status);
    t.match(rotation.credentialOf(account), { which: 'first' });
    t.match(rotation.nextOf(account), { which: 'next' }, 'and is no reason to pause');
    t.strictSame(told, []);
    end('next', 404);
    t.strictSame(told, ['switched main']);
  },
);

t.test('a call without an answer tells nothing of its credential', async (t) => {
  const { rotation, account, told } = start();
  rotation.ended({ account, credential: 'next' } as UpstreamCall, new Error('reset'));
  t.match(rotation.credentialOf(account), { which: 'first' });
  t.strictSame(told, []);
});

t.test('an account that is configured anew begins with its first', async (t) => {
  const { rotation, account, end } = start();
  end('next', 200);
  t.match(rotation.credentialOf({ ...account }), { which: 'first' });
  const { nextCredential: _none, ...alone } = account;
  t.equal(rotation.nextOf(alone), undefined);
});
