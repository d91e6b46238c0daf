import type { Consumer } from '../catalog/consumer.ts';
import type { Snapshot } from '../catalog/snapshot.ts';
import type { Claim, Proven } from '../identify/presented.ts';

/** What a request says of who it is, and what is needed to judge it. */
export interface Heard {
  readonly claim: Claim<Consumer>;
  readonly peer: string;
  readonly consumers: Snapshot['consumers'];
  /** Its proof waits for its body. */
  pending: boolean;
  /** Once its proof was found right. */
  proven?: Proven;
}
