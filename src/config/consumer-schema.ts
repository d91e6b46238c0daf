import Type from 'typebox';
import { DURATION } from './duration.ts';
import { ALLOW_PATTERN } from './interface-pattern.ts';

const AccountName = Type.String({ title: 'the name of an account', description: 'Name of an account.' });

const Allow = Type.Array(
  Type.String({ title: '"*", "read-only" or a pattern such as "POST /ccm/purge/*"', pattern: ALLOW_PATTERN }),
  {
    title: 'a list of at least one pattern',
    description:
      'What may be called: `METHOD /path`, with `*` for any method or one segment and a final `/**` for the rest; ' +
      '`*` alone is everything; `read-only` is every GET and the look-ups among the POSTs.',
    minItems: 1,
  },
);

const Wait = Type.String({
  title: 'a duration such as 2m (at most 1h)',
  description:
    'How long a request waits for quota rather than be refused, unless it says otherwise itself ' +
    '(`Prefer: wait=SECONDS`). At most `limits.wait`.',
  pattern: DURATION,
  maximumDuration: '1h',
});

/** A caller with a bearer token as the file describes it. */
export const ConsumerSchema = Type.Object(
  {
    token: Type.Object(
      {
        sha256: Type.String({
          title: '64 lower-case hexadecimal digits',
          description: 'SHA-256 of the bearer token.',
          pattern: '^[0-9a-f]{64}$',
          writeOnly: true, // Not secret, but the token itself may stand here by mistake.
        }),
      },
      {
        additionalProperties: false,
        title: '{ sha256: DIGEST }',
        description: 'How the consumer is recognised.',
        writeOnly: true,
      },
    ),
    accounts: Type.Array(AccountName, {
      title: 'a list of at least one account, each once',
      description: 'Accounts it may use. The first is the default; `x-gateway-account` picks another.',
      minItems: 1,
      uniqueItems: true,
    }),
    allow: Allow,
    wait: Type.Optional(Wait),
  },
  { additionalProperties: false, description: 'Who calls the gateway with a bearer token.' },
);

/** Callers without credentials as the file describes them. */
export const AnonymousSchema = Type.Object(
  {
    account: Type.With(AccountName, { description: 'The account that they use.' }),
    allow: Type.With(Allow, { default: ['*'] }),
    wait: Type.Optional(Wait),
  },
  { additionalProperties: false, description: 'Callers without credentials. Only with listeners on loopback.' },
);
