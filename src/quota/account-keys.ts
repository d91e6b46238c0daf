/** The Redis keys of one account, all in one hash slot so that one script may touch them. README.md has a table of them. */
export class AccountKeys {
  /** The state: a hash whose name begins every other key. */
  readonly state: string;
  readonly signatures: string;
  readonly replicas: string;
  readonly told: string;

  constructor(prefix: string, account: string) {
    // Encoded, so that no brace in a name can break the hash tag.
    this.state = `${prefix}:{${encodeURIComponent(account)}}`;
    this.signatures = `${this.state}:sig`;
    this.replicas = `${this.state}:rep`;
    this.told = `${this.state}:told`;
  }

  log(partition: string): string {
    return `${this.state}:l:${partition}`;
  }
}
