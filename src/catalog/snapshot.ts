import type { Account } from './account.ts';
import type { Catalogue } from './api-interface.ts';
import type { Consumer, TokenConsumer } from './consumer.ts';

/** What one configuration says of accounts, consumers and interfaces. A request looks at one of these, once, so it never mixes two. */
export interface Snapshot {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly consumers: readonly TokenConsumer[];
  readonly anonymous?: Consumer;
  readonly catalogue: Catalogue;
}
