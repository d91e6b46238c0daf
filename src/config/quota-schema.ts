import Type from 'typebox';
import { DURATION, POSITIVE_DURATION } from './duration.ts';
import { INTERFACE_PATTERN } from './interface-pattern.ts';

/** A limit as the file writes it. */
export const Limit = Type.Object(
  {
    quota: Type.Integer({ title: 'a whole number from 1', description: 'At most this many requests.', minimum: 1 }),
    window: Type.String({
      title: 'a duration such as 5m (1ms to 31d)',
      description: 'In any stretch of time this long.',
      pattern: POSITIVE_DURATION,
      maximumDuration: '31d',
    }),
  },
  { additionalProperties: false, title: 'a limit such as { quota: 30, window: 5m }', description: 'A limit.' },
);

// One limit or a list of them: a condition, not a union, so that a mistake inside is told where it is.
const Limits = Type.Dependent(
  Type.Array(Type.Unknown()),
  Type.Array(Limit, { title: 'a list of at least one limit', minItems: 1 }),
  Limit,
);

const keys = {
  account: Type.With(Limit, { description: 'What all interfaces of an account may spend together.' }),
  interface: Type.With(Limit, { description: 'What each interface may spend.' }),
  documentedLimits: Type.Enum(['tighten', 'replace', 'ignore'], {
    description:
      'What to do with a limit that the vendor documents for one interface: `tighten` applies it and `interface`, ' +
      '`replace` applies it in place of `interface`, `ignore` applies `interface` alone.',
  }),
  margin: Type.String({
    title: 'a duration such as 1s (at most 1m)',
    description: 'Added to every window, because the vendor may count in whole seconds.',
    pattern: DURATION,
    maximumDuration: '1m',
  }),
  interfaces: Type.Record(Type.String(), Limits, {
    description:
      'Your own agreement with the vendor, by interface (`METHOD /path`): a limit or a list of them. Wins over the rest.',
    propertyNames: {
      type: 'string',
      pattern: INTERFACE_PATTERN,
      title: 'an interface such as POST /ccm/purge/ItemIdReceiver, with "*" for one segment',
    },
  }),
};

/** What every account may spend. The defaults are the vendor's general rule, 300 calls in 5 minutes and 30 an interface. */
export const QuotasSchema = Type.Object(
  {
    account: Type.With(keys.account, { default: { quota: 300, window: '5m' } }),
    interface: Type.With(keys.interface, { default: { quota: 30, window: '5m' } }),
    documentedLimits: Type.With(keys.documentedLimits, { default: 'tighten' }),
    margin: Type.With(keys.margin, { default: '1s' }),
    interfaces: Type.With(keys.interfaces, { default: {} }),
  },
  { additionalProperties: false, description: 'What every account may spend.', default: {} },
);

/** The same keys for one account, all optional: what is left out is taken from `quotas`. */
export const AccountQuotasSchema = Type.Partial(Type.Object(keys), {
  additionalProperties: false,
  description: "The account's own quotas; what is left out is taken from `quotas`, interface by interface.",
});
