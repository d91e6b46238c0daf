import Type, { type Static } from 'typebox';
import { type SecretReference, SecretReferenceSchema } from './account-schema.ts';
import { POSITIVE_DURATION } from './duration.ts';

const HOST_PORT = '^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):[1-9][0-9]{0,4}$';

const MemorySchema = Type.Object(
  {
    type: Type.Literal('memory', { description: 'In the memory of this one process.' }),
    journal: Type.Optional(
      Type.String({
        title: 'the path of a file',
        description:
          'File that remembers what was spent, over restarts and crashes. Relative to the folder of this one.',
        pattern: '^\\P{Cc}+$',
      }),
    ),
  },
  { additionalProperties: false },
);

// A URL with a password in it is a secret, so it may only be referred to; one without may stand here.
const Url = Type.Unsafe<string | SecretReference>({
  description: 'Its address: a redis://, rediss:// or unix:// URL, by reference if there is a password in it.',
  ...Type.Dependent(
    Type.String(),
    Type.String({
      title: 'a redis://, rediss:// or unix:// URL without a password, or { env: NAME } or { file: PATH }',
      pattern: '^(rediss?://[^@\\s\\p{Cc}]+|unix://\\/[^\\p{Cc}]+)$',
      writeOnly: true,
    }),
    SecretReferenceSchema,
  ),
});

const Nodes = Type.Array(Type.String({ title: 'an address such as 10.0.0.1:6379', pattern: HOST_PORT }), {
  title: 'a list of at least one address',
  description: 'Some of its servers, each as host:port; the others are found.',
  minItems: 1,
});

const RedisSchema = Type.Object(
  {
    type: Type.Literal('redis', { description: 'In a Redis or Valkey that all replicas share.' }),
    url: Type.Optional(Url),
    cluster: Type.Optional(Nodes),
    sentinel: Type.Optional(
      Type.Object(
        {
          name: Type.String({ title: "the master's name", description: "The master's name.", minLength: 1 }),
          nodes: Nodes,
        },
        { additionalProperties: false, description: 'Ask a Sentinel which server is the master.' },
      ),
    ),
    username: Type.Optional(Type.String({ title: 'a user name', description: 'User of the access control list.' })),
    password: Type.Optional(Type.With(SecretReferenceSchema, { description: 'Its password.' })),
    tls: Type.Optional(
      Type.Boolean({ title: 'true or false', description: 'Whether to use TLS; a rediss:// URL does.' }),
    ),
    caFile: Type.Optional(
      Type.String({
        title: 'the path of a file',
        description:
          "Certificates (PEM) to trust, in place of the system's. Means TLS. Relative to the folder of this file.",
        pattern: '^\\P{Cc}+$',
      }),
    ),
    keyPrefix: Type.Optional(
      Type.String({
        title: 'at most 64 letters, digits, ".", "_", ":" and "-"',
        description: 'Begins the name of every key; cdnetworks-gateway if not given.',
        pattern: '^[A-Za-z0-9._:-]{1,64}$',
      }),
    ),
    whenDown: Type.Optional(
      Type.Enum(['closed', 'own'], {
        description:
          'While Redis cannot be asked: `closed` (the default) refuses every call, `own` reuses the units that this ' +
          'replica was given before; choose it only where Redis is down for all replicas or for none.',
      }),
    ),
    coldStart: Type.Optional(
      Type.Enum(['trust', 'hold'], {
        description:
          'When Redis is empty and no replica remembers anything: `trust` (the default) takes the quota for unspent, ' +
          '`hold` waits for a window first.',
      }),
    ),
    deadline: Type.Optional(
      Type.String({
        title: 'a duration such as 500ms (at most 1s)',
        description: 'Longest wait for an answer of Redis; 500ms if not given.',
        pattern: POSITIVE_DURATION,
        maximumDuration: '1s',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Where quotas are counted, as the file describes it. Defaults are filled in by `toStore`: Ajv has none inside `oneOf`. */
export const StoreSchema = Type.Unsafe<Static<typeof MemorySchema> | Static<typeof RedisSchema>>({
  type: 'object',
  description: 'Where quotas are counted.',
  discriminator: { propertyName: 'type' },
  oneOf: [MemorySchema, RedisSchema],
  default: { type: 'memory' },
});
