import Type from 'typebox';
import { ForwardHeaders, SecretReferenceSchema } from './account-schema.ts';
import { DURATION } from './duration.ts';
import { ALLOW_PATTERN } from './interface-pattern.ts';
import { Limit } from './quota-schema.ts';

const AccountName = Type.String({ title: 'the name of an account', description: 'Name of an account.' });

const Allow = Type.Array(
  Type.String({ title: '"*", "read-only" or a pattern such as "POST /ccm/purge/*"', pattern: ALLOW_PATTERN }),
  {
    title: 'a list of at least one pattern',
    description:
      'What may be called: `METHOD /path`, with `*` for any method or one segment and a final `/**` for the rest; ' +
      '`*` alone is everything; `read-only` is what looks things up, changes nothing and gives out no key, by GET or POST.',
    minItems: 1,
  },
);

const MayForward = Type.With(ForwardHeaders, {
  description: 'Privileged request headers that may be sent, where the account has them in its own list.',
});

const Wait = Type.String({
  title: 'a duration such as 2m (at most 1h)',
  description:
    'How long a request waits for quota rather than be refused, unless it says otherwise itself ' +
    '(`Prefer: wait=SECONDS`). At most `limits.wait`.',
  pattern: DURATION,
  maximumDuration: '1h',
});

const Token = Type.Object(
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
    description: 'It sends a bearer token.',
    writeOnly: true,
  },
);

const AccessKey = Type.Object(
  {
    id: Type.String({
      title: 'an access key of printable ASCII without spaces and commas',
      description: 'Access key (AK) that it signs with.',
      pattern: '^[!-+\\--~]+$',
      writeOnly: true, // Not secret, but the secret key may stand here by mistake.
    }),
    secretKey: Type.With(SecretReferenceSchema, { description: 'Secret key (SK) that it signs with.' }),
  },
  {
    additionalProperties: false,
    title: '{ id: NAME, secretKey: { env: NAME } or { file: PATH } }',
    description: "It signs with an access key of the gateway's own, as the vendor's SDKs do.",
    writeOnly: true,
  },
);

const ApiKey = Type.Object(
  {
    username: Type.String({
      title: 'a user name without ":" or control characters',
      description: 'User name that it sends.',
      pattern: '^[^:\\p{Cc}]+$', // RFC 7617, section 2: the first colon ends the name.
      writeOnly: true, // Not secret, but what follows a colon may be.
    }),
    apiKey: Type.With(SecretReferenceSchema, { description: 'API key that it proves the date with.' }),
  },
  {
    additionalProperties: false,
    title: '{ username: NAME, apiKey: { env: NAME } or { file: PATH } }',
    description: "It sends Basic with the HMAC-SHA1 of the date, by an API key of the gateway's own.",
    writeOnly: true,
  },
);

const Certificate = Type.Unsafe<{ commonName: string } | { san: string }>(
  Type.Object(
    {
      commonName: Type.Optional(
        Type.String({
          title: "the common name of a certificate's subject",
          description: 'Common name of its subject.',
          pattern: '^\\P{Cc}+$',
        }),
      ),
      san: Type.Optional(
        Type.String({
          title: 'an alternative name such as DNS:purge.internal, URI:spiffe://a/b or email:a@b',
          description: 'One of its alternative names, with its kind: `DNS:`, `URI:` or `email:`.',
          pattern: '^(DNS|URI|email):\\P{Cc}+$',
        }),
      ),
    },
    {
      additionalProperties: false,
      title: '{ commonName: NAME } or { san: "DNS:NAME" }',
      description: 'It presents a client certificate that a listener with `clientCaFile` has verified.',
      minProperties: 1,
      maxProperties: 1,
    },
  ),
);

/** A caller as the file describes it: any of its credentials identifies it. */
export const ConsumerSchema = Type.Object(
  {
    token: Type.Optional(Token),
    accessKey: Type.Optional(AccessKey),
    apiKey: Type.Optional(ApiKey),
    certificate: Type.Optional(Certificate),
    accounts: Type.Array(AccountName, {
      title: 'a list of at least one account, each once',
      description: 'Accounts it may use. The first is the default; `x-gateway-account` picks another.',
      minItems: 1,
      uniqueItems: true,
    }),
    allow: Allow,
    forwardHeaders: Type.Optional(MayForward),
    quota: Type.Optional(
      Type.With(Limit, { description: 'Its own share: what it may spend of each account, beside the limits of that.' }),
    ),
    wait: Type.Optional(Wait),
  },
  { additionalProperties: false, description: 'Who calls the gateway, and with what it proves itself.' },
);

/** Callers without credentials as the file describes them. */
export const AnonymousSchema = Type.Object(
  {
    account: Type.With(AccountName, { description: 'The account that they use.' }),
    allow: Type.With(Allow, { default: ['*'] }),
    forwardHeaders: Type.Optional(MayForward),
    wait: Type.Optional(Wait),
    trustNetwork: Type.Optional(
      Type.Array(Type.String({ title: 'a network such as 10.0.0.0/8' }), {
        title: 'a list of at least one network, each once',
        description:
          'Networks that they may call from, beside loopback and unix sockets. The address is that of the connection; ' +
          '`X-Forwarded-For` is never believed.',
        minItems: 1,
        uniqueItems: true,
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'Callers without credentials. Only over loopback and unix sockets, and from `trustNetwork`.',
  },
);
