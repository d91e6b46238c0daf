import { loadCatalogue } from './catalog/api-interface.ts';
import { loopbackAnd } from './catalog/network.ts';
import type { Snapshot } from './catalog/snapshot.ts';
import { areSame, keepSame } from './config/changes.ts';
import type { Config } from './config/config.ts';

/** What a configuration says of the requests that begin with it. Accounts of which it says the same as the one before stay the same. */
export function toSnapshot({ accounts, consumers, anonymous }: Config, before?: Snapshot): Snapshot {
  const named = interfacesNamedIn(accounts);
  // To read it takes tens of milliseconds, in which no request moves.
  const isKnown = before !== undefined && areSame(named, interfacesNamedIn(before.accounts));
  return {
    accounts: before === undefined ? accounts : keepSame(before.accounts, accounts),
    consumers,
    ...(anonymous === undefined
      ? {}
      : {
          anonymous: {
            ...anonymous,
            name: 'anonymous',
            accounts: [anonymous.account],
            trusts: loopbackAnd(anonymous.trustNetwork ?? []),
          },
        }),
    catalogue: isKnown ? before.catalogue : loadCatalogue(named),
  };
}

function interfacesNamedIn(accounts: Config['accounts']): readonly string[] {
  return [...accounts.values()].flatMap(({ quotas }) => [...quotas.interfaces.keys()]);
}
