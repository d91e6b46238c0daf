import fc from 'fast-check';

/** One thing that happens to a fleet. `replica` picks one of those that are alive. */
export type Happening =
  | {
      readonly kind: 'admit';
      readonly replica: number;
      readonly partitions: readonly string[];
      readonly maxWaitMs: number;
      readonly fingerprint: string;
      /** From its sending to its answer. */
      readonly latencyMs: number;
      /** When in between the vendor sees it. */
      readonly seenAtPercent: number;
      readonly outcome: 'sent' | 'unsent' | 'unknown';
    }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'beat' | 'die' | 'sleep' | 'wake'; readonly replica: number }
  | { readonly kind: 'birth' | 'flush' | 'restart' | 'replicate' | 'fail-over' }
  | { readonly kind: 'evict'; readonly key: 'state' | 'signatures' | 'account' | 'interface' }
  | { readonly kind: 'jump'; readonly ms: number };

/** Leases of the fleet's requests. */
export const LEASE_MS = 3_000;

const replica = fc.nat(5);
const admit: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constant('admit' as const),
  replica,
  partitions: fc.constantFrom(['account'], ['account', 'interface']),
  maxWaitMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(5_000) }),
  fingerprint: fc.constantFrom('f', 'g'),
  latencyMs: fc.nat(LEASE_MS + 500),
  seenAtPercent: fc.constantFrom(0, 50, 100),
  outcome: fc.oneof(
    { weight: 6, arbitrary: fc.constant('sent' as const) },
    { weight: 1, arbitrary: fc.constantFrom('unsent' as const, 'unknown' as const) },
  ),
});

/** Mostly short, so that many things happen in one window; now and then long enough to free all units. */
const advance: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constant('advance' as const),
  ms: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 700 }) },
    { weight: 3, arbitrary: fc.integer({ min: 1_000, max: 4_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 5_000, max: 14_000 }) },
  ),
});

const loss: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('flush' as const, 'restart' as const, 'replicate' as const, 'fail-over' as const),
  }),
  fc.record({
    kind: fc.constant('evict' as const),
    key: fc.constantFrom('state' as const, 'signatures' as const, 'account' as const, 'interface' as const),
  }),
);
const jump: fc.Arbitrary<Happening> = fc.record({
  kind: fc.constant('jump' as const),
  ms: fc.constantFrom(100_000, 3_000_000, -100_000, -3_000_000),
});

/** Three replicas' few minutes, with every fault at any moment; half of them without jumps, so that all replicas may die. */
export const faultHistory: fc.Arbitrary<readonly Happening[]> = fc.boolean().chain((jumps) =>
  fc.array(
    fc.oneof(
      { weight: 24, arbitrary: admit },
      { weight: 14, arbitrary: advance },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('beat' as const), replica }) },
      { weight: 2, arbitrary: loss },
      { weight: 1, arbitrary: jumps ? jump : loss },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constantFrom('die' as const, 'sleep' as const, 'wake' as const, 'wake' as const),
          replica,
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('birth' as const) }) },
    ),
    { minLength: 60, maxLength: 140, size: 'max' },
  ),
);
