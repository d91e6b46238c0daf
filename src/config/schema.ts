import Type, { type Static } from 'typebox';
import { AccountSchema } from './account-schema.ts';
import { AuditSchema } from './audit-schema.ts';
import { AnonymousSchema, ConsumerSchema } from './consumer-schema.ts';
import { DURATION, POSITIVE_DURATION } from './duration.ts';
import { AdminSchema, ListenerSchema } from './listener-schema.ts';
import { QuotasSchema } from './quota-schema.ts';
import { SIZE } from './size.ts';
import { StoreSchema } from './store-schema.ts';

// In this file and its parts, `title` says what is expected, in the words of a mistake; `description` is for people and
// editors; `writeOnly` marks what may hold a secret, so that no mistake repeats it; `maximumDuration` and `maximumSize` are our
// own keywords.

const LimitsSchema = Type.Object(
  {
    body: size('Largest body of a request.', { byDefault: '10MiB', atMost: '256MiB' }),
    headers: size('Largest head of a request: its first line and all headers.', { byDefault: '16KiB', atMost: '1MiB' }),
    url: size('Longest target of a request: path and query. At most `limits.headers`.', {
      byDefault: '8KiB',
      atMost: '1MiB',
    }),
    requestTimeout: timeout('Longest time for a request to arrive, head and body.', '1m'),
    idleTimeout: timeout(
      'How long a connection may be idle between requests, and a caller may leave its answer unread.',
      '72s',
    ),
    connections: Type.Integer({
      title: 'a whole number from 1',
      description: 'Most connections of callers at one time, to each address that is listened on.',
      minimum: 1,
      default: 4096,
    }),
    eventLoopDelay: timeout('Mean delay of the event loop above which requests are refused.', '1s'),
    connectTimeout: timeout('Longest wait for a connection to the origin.', '5s'),
    upstreamTimeout: timeout("Longest wait for the vendor's answer.", '30s'),
    grace: timeout(
      'How long after the upstream timeout the vendor may still read a request; its units stay spent.',
      '30s',
    ),
    drainDelay: Type.String({
      title: 'a duration such as 5s (at most 1h)',
      description: 'How long requests are still served after a stop was asked for, while /readyz fails already.',
      pattern: DURATION,
      maximumDuration: '1h',
      default: '0s',
    }),
    drain: timeout('How long requests may go on after that.', '35s'),
    inFlight: Type.Integer({
      title: 'a whole number from 1',
      description: 'Most requests at one time; those that wait for quota are not counted.',
      minimum: 1,
      default: 512,
    }),
    wait: Type.String({
      title: 'a duration such as 2m (at most 1h)',
      description:
        'Longest wait for quota that a request (`Prefer: wait=SECONDS`) or a consumer may ask for; 0s for none.',
      pattern: DURATION,
      maximumDuration: '1h',
      default: '2m',
    }),
    waiting: Type.Integer({
      title: 'a whole number from 1',
      description: 'Most requests that wait for quota at one time; any more are refused where they would wait.',
      minimum: 1,
      default: 256,
    }),
  },
  { additionalProperties: false, description: 'What the gateway itself bears.', default: {} },
);

const LogSchema = Type.Object(
  {
    level: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      description: 'The least severe level that is written.',
      default: 'info',
    }),
    format: Type.Enum(['pino', 'ecs'], {
      description: "Names of the fields: pino's, or those of the Elastic Common Schema.",
      default: 'pino',
    }),
  },
  { additionalProperties: false, description: 'The log.', default: {} },
);

/** The configuration file: types, checks, defaults and documentation from one source. */
export const FileConfig = Type.Object(
  {
    listen: Type.Array(ListenerSchema, {
      title: 'a list of at least one listener',
      description: 'Where consumers call.',
      minItems: 1,
      default: [{ host: '127.0.0.1', port: 8080 }],
    }),
    admin: AdminSchema,
    accounts: Type.Record(Type.String(), AccountSchema, {
      title: 'a mapping with at least one account',
      description: 'The accounts at CDNetworks, by name.',
      propertyNames: nameRule(),
      minProperties: 1,
    }),
    quotas: QuotasSchema,
    store: StoreSchema,
    anonymous: Type.Optional(AnonymousSchema),
    consumers: Type.Record(Type.String(), ConsumerSchema, {
      description: 'Callers with credentials, by name.',
      propertyNames: nameRule(),
      default: {},
    }),
    limits: LimitsSchema,
    log: LogSchema,
    audit: Type.Optional(AuditSchema),
  },
  { additionalProperties: false },
);

/** What a file says once it is checked and its defaults are filled in. */
export type FileConfig = Static<typeof FileConfig>;

/** Writes the schema as JSON Schema for editors. Keys with a default are not required there: they may be left out. */
export function renderSchema(): string {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', title: 'cdnetworks-gateway', ...FileConfig };
  return `${JSON.stringify(schema, relaxRequired, 2)}\n`;
}

function timeout(description: string, byDefault: string) {
  return Type.String({
    title: 'a duration such as 5s (1ms to 1d)',
    description,
    pattern: POSITIVE_DURATION,
    maximumDuration: '1d', // A timer of Node beyond 24.8 days fires at once.
    default: byDefault,
  });
}

function size(description: string, { byDefault, atMost }: { byDefault: string; atMost: string }) {
  return Type.String({
    title: `a size such as ${byDefault} (B, KiB or MiB; at most ${atMost})`,
    description,
    pattern: SIZE,
    maximumSize: atMost,
    default: byDefault,
  });
}

function nameRule() {
  return {
    type: 'string',
    pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
    title: 'a name of at most 63 lower-case letters, digits, ".", "_" and "-", a letter or digit first',
  };
}

function relaxRequired(_key: string, value: unknown): unknown {
  if (!isObjectSchema(value)) return value;
  const { properties } = value;
  return { ...value, required: value.required.filter((name) => !hasDefault(properties[name])) };
}

function isObjectSchema(value: unknown): value is { required: string[]; properties: Record<string, object> } {
  return typeof value === 'object' && value !== null && 'required' in value && 'properties' in value;
}

function hasDefault(schema: object | undefined): boolean {
  return schema !== undefined && 'default' in schema;
}
