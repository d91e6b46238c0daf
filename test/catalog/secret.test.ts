// A secret never shows, however Node is asked to print what holds it.
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { format, type InspectOptions, inspect, isDeepStrictEqual, styleText } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { pino } from 'pino';
import t from 'tap';
import { Secret } from '../../src/catalog/secret.ts';

const TEXT = 'canary-4711';
const secret = new Secret(TEXT);
/** Everything that may hold a secret on its way to an output. */
const holders = {
  itself: secret,
  'a property': { secret },
  'a list': [[[secret]]],
  'a map': new Map([[secret, secret]]),
  'a set': new Set([secret]),
  'a key that is a symbol': { [Symbol('s')]: secret },
  'a hidden property': Object.defineProperty({}, 'hidden', { value: secret, enumerable: false }),
  'a getter': {
    get secret() {
      return secret;
    },
  },
  'an error': Object.assign(new Error('failed'), { secret }),
  'the cause of an error': new Error('failed', { cause: { secret } }),
  'the secret as cause': new Error('failed', { cause: secret }),
  'several errors': new AggregateError([new Error('failed', { cause: secret })]),
  'a proxy': new Proxy({ secret }, {}),
  'a frozen object': Object.freeze({ secret }),
  'a prototype': Object.create(secret),
};

for (const [what, held] of Object.entries(holders)) {
  t.test(`inspect shows no secret of ${what}, with any options`, async (t) => {
    const options = fc.record(
      {
        showHidden: fc.boolean(),
        depth: fc.constantFrom(null, 0, 9),
        colors: fc.boolean(),
        customInspect: fc.boolean(),
        showProxy: fc.boolean(),
        getters: fc.constantFrom(true, false, 'get', 'set'),
        compact: fc.boolean(),
        sorted: fc.boolean(),
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(options, (given) => !inspect(held, given as InspectOptions).includes(TEXT)));
    t.pass();
  });

  t.test(`format, console, JSON, logs and copies show no secret of ${what}`, async (t) => {
    const written: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    });
    const console = new Console(stream);
    for (const sign of ['%s', '%d', '%i', '%f', '%o', '%O', '%j', '%c', '']) written.push(format(sign, held));
    console.log(held, '%o', held);
    console.dir(held, { showHidden: true, depth: null });
    console.table([held]);
    pino({ level: 'trace' }, { write: (line: string) => written.push(line) }).info({ held, err: held }, '%o', held);
    written.push(JSON.stringify(held) ?? '', JSON.stringify(Object.entries(held)));
    for (const copy of [() => structuredClone(held), () => deserialize(serialize(held))]) {
      try {
        written.push(inspect(copy(), { showHidden: true, depth: null }));
      } catch (error) {
        written.push(inspect(error));
      }
    }
    try {
      written.push(serialize(held).toString('latin1'));
    } catch (error) {
      written.push(inspect(error));
    }
    t.notMatch(written.join('\n'), TEXT);
    t.ok(written.length > 10);
  });
}

t.test('where a text is wanted it reads [redacted]', async (t) => {
  for (const text of [
    String(secret),
    `${secret}`,
    `${[secret]}`,
    [secret].join(),
    ''.concat(String(secret)),
    JSON.parse(JSON.stringify(secret)),
    inspect(secret),
    format('%s', secret),
    format('%o', secret),
    format('%O', secret),
    JSON.parse(format('%j', secret)),
    styleText('red', String(secret)).replace(/\p{Cc}\[\d+m/gu, ''),
  ]) {
    t.equal(text, '[redacted]');
  }
});

t.test('nothing of it can be listed, copied or compared by others', async (t) => {
  t.strictSame([Object.keys(secret), Object.entries(secret), Reflect.ownKeys(secret)], [[], [], []]);
  t.strictSame({ ...secret }, {});
  t.strictSame(structuredClone(secret), {});
  t.strictSame(deserialize(serialize(secret)), {});
  t.ok(isDeepStrictEqual(secret, new Secret('another')), 'Node takes all for alike, so only `equals` may be asked');
  t.notOk(secret.equals(new Secret('another')));
  t.ok(secret.equals(new Secret(TEXT)));
  t.equal(secret.reveal(), TEXT);
});
