import Type, { type Static } from 'typebox';
import { PRIVILEGED_HEADERS } from '../catalog/consumer.ts';
import { AccountQuotasSchema } from './quota-schema.ts';

export const SecretReferenceSchema = Type.Unsafe<{ env: string } | { file: string }>(
  Type.Object(
    {
      env: Type.Optional(
        Type.String({
          title: 'the name of an environment variable, in capitals',
          description: 'Environment variable that holds the secret.',
          // Capitals only (POSIX.1, 8.1): most secrets put here by mistake are then refused unseen, not repeated as names.
          pattern: '^[A-Z_][A-Z0-9_]*$',
          writeOnly: true,
        }),
      ),
      file: Type.Optional(
        Type.String({
          title: 'the path of a file',
          description:
            'File that holds the secret, without the line break at its end. Relative to the folder of this one.',
          pattern: '^\\P{Cc}+$',
          writeOnly: true,
        }),
      ),
    },
    {
      additionalProperties: false,
      title: '{ env: NAME } or { file: PATH }',
      minProperties: 1,
      maxProperties: 1,
      writeOnly: true,
    },
  ),
);

/** Where a secret is: an environment variable or a file, never the text itself. */
export type SecretReference = Static<typeof SecretReferenceSchema>;

const AccessKeySchema = Type.Object(
  {
    type: Type.Literal('access-key', { description: 'The scheme CNC-HMAC-SHA256.' }),
    accessKey: Type.With(SecretReferenceSchema, { description: 'Access key (AK).' }),
    secretKey: Type.With(SecretReferenceSchema, { description: 'Secret key (SK).' }),
  },
  { additionalProperties: false, writeOnly: true },
);

const ApiKeySchema = Type.Object(
  {
    type: Type.Literal('api-key', { description: 'The scheme Basic with HMAC-SHA1 of the date.' }),
    username: Type.String({
      title: 'a user name without ":" or control characters',
      description: "Login name of the account's API.",
      pattern: '^[^:\\p{Cc}]+$', // RFC 7617, section 2: the first colon ends the name.
      writeOnly: true, // Not secret, but what follows a colon may be.
    }),
    apiKey: Type.With(SecretReferenceSchema, { description: 'API key.' }),
  },
  { additionalProperties: false, writeOnly: true },
);

const CredentialSchema = Type.Unsafe<Static<typeof AccessKeySchema> | Static<typeof ApiKeySchema>>({
  type: 'object',
  description: "What signs for the account: one of the vendor's two schemes.",
  discriminator: { propertyName: 'type' },
  oneOf: [AccessKeySchema, ApiKeySchema],
});

/** Which privileged headers are sent on. */
export const ForwardHeaders = Type.Array(Type.Enum([...PRIVILEGED_HEADERS]), {
  title: 'a list of header names, each once',
  uniqueItems: true,
});

/** A customer account at CDNetworks as the file describes it. */
export const AccountSchema = Type.Object(
  {
    origin: Type.String({
      title: 'an origin such as https://api.cdnetworks.com',
      description: "Scheme, host and port of the account's API. Plain http only to loopback.",
      default: 'https://api.cdnetworks.com',
    }),
    credential: CredentialSchema,
    nextCredential: Type.Optional(
      Type.With(CredentialSchema, {
        description: 'Signs once the vendor refuses `credential`, so that a key can be changed while calls go on.',
      }),
    ),
    quotaAccount: Type.Optional(
      Type.String({
        title: 'the name of an account',
        description: 'The account whose quota is spent, when this is another key of the same customer.',
      }),
    ),
    quotas: Type.Optional(AccountQuotasSchema),
    forwardHeaders: Type.With(ForwardHeaders, {
      description: 'Privileged request headers that those consumers may send on that have them in their own list.',
      default: [],
    }),
    inFlight: Type.Optional(
      Type.Integer({
        title: 'a whole number from 1',
        description: 'Most requests for this account at one time, beside `limits.inFlight`.',
        minimum: 1,
      }),
    ),
    caFile: Type.Optional(
      Type.String({
        title: 'the path of a file',
        description:
          "Certificates (PEM) to trust for the origin, in place of the system's. Relative to the folder of this file.",
        pattern: '^\\P{Cc}+$',
      }),
    ),
  },
  { additionalProperties: false, description: 'A customer account at CDNetworks.' },
);
