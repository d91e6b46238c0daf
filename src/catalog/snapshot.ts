import type { Account } from './account.ts';
import type { Catalogue } from './api-interface.ts';
import type { Anonymous, KnownConsumer } from './consumer.ts';

/** What one configuration says of accounts, consumers and interfaces. A request looks at one of these, once, so it never mixes two. */
export interface Snapshot {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly consumers: readonly KnownConsumer[];
  readonly anonymous?: Anonymous;
  readonly catalogue: Catalogue;
}
