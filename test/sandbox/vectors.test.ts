// What the vendor's SDKs compute, judged by the sandbox's own verifier.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { send } from './client-answer.ts';
import { arrivalOf, freshKeyring, verdict } from './verdict.ts';

interface Vector {
  readonly name: string;
  readonly sdksAgree: boolean;
  readonly input: {
    readonly method: string;
    readonly requestTarget: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly accessKey: string;
    readonly secretKey: string;
    readonly timestamp: string;
  };
  readonly expected: { readonly authorization: string };
}

const vectors: readonly Vector[] = JSON.parse(readFileSync(new URL('../vectors/aksk.json', import.meta.url), 'utf8'));

/** Signed alike by both SDKs, but in a form that some other implementation of the vendor's signs differently, or no gateway may send. */
const AMBIGUOUS = [
  'ct-charset-upper',
  'ct-mixed-case',
  'ct-surrounding-space',
  'get-path-encoded-slash',
  'get-with-ignored-body',
  'host-with-port-mixed',
  'lowercase-method',
];

t.test('accepts over a real socket whatever both SDKs sign alike in normal form', async (t) => {
  const normal = vectors.filter(
    ({ name, sdksAgree }) => sdksAgree && !AMBIGUOUS.includes(name) && name !== 'enable-method',
  );
  t.ok(normal.length >= 48, 'the vectors are there');
  for (const vector of normal) {
    const { method, requestTarget: target, headers, body, accessKey, secretKey, timestamp } = vector.input;
    const clock = { wall: () => Number(timestamp) * 1000, monotonic: () => 0 };
    const sandbox = await startSandbox({ accessKeys: { [accessKey]: secretKey }, clock });
    const signed = { ...headers, authorization: vector.expected.authorization };
    // Node's client takes the length of a body from the header alone for methods that rarely have one.
    const length: Record<string, string> = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const answer = await send(sandbox.origin, {
      method,
      target,
      headers: { ...signed, ...length },
      body: body || undefined,
    });
    t.match(sandbox.report(), { arrivals: 1, verified: 1, refused: {} }, vector.name);
    t.not(answer.status, 462, vector.name);
    await sandbox.close();
  }
});

t.test('accepts the legacy method ENABLE, which only the HTTP parser in front keeps out', async (t) => {
  const vector = vectors.find(({ name }) => name === 'enable-method');
  t.ok(vector);
  if (vector) t.equal(verdictOf(vector), 'accepted');
});

t.test('refuses as ambiguous what a vendor sample or SDK signs differently, though the signature fits', async (t) => {
  for (const name of [...AMBIGUOUS, 'get-query-plus', 'put-query-plus', 'signed-headers-duplicate']) {
    const vector = vectors.find((each) => each.name === name);
    t.equal(vector && verdictOf(vector), 'ambiguous', name);
  }
});

function verdictOf({ input, expected }: Vector): string {
  const headers = { ...input.headers, authorization: expected.authorization };
  const arrival = arrivalOf({ method: input.method, target: input.requestTarget, headers, body: input.body });
  return verdict(arrival, freshKeyring(input), Number(input.timestamp));
}
