/** A file that can't be used, and every line that must be said of it; `$` stands for its folder. */
export interface BadFile {
  readonly name: string;
  readonly yaml: string;
  readonly mistakes: readonly string[];
}

/** The digest of some token. */
export const DIGEST = 'a'.repeat(64);

/** An account without fault: lines 1 to 3. */
export const ACCOUNT = `accounts:
  main:
    credential: { type: api-key, username: u, apiKey: { env: KEY } }
`;

/** Makes a file usable in which there is an account. */
export const ANYBODY = 'anonymous: { account: main }\n';

/** Makes any file usable. */
export const REST = ACCOUNT + ANYBODY;

/** Gives a file with more keys of the account from line 4. */
export function withAccount(lines: string): string {
  return ACCOUNT + lines + ANYBODY;
}

/** Gives a file with another credential, at column 17 of line 3. */
export function withCredential(credential: string): string {
  return `accounts:\n  main:\n    credential: ${credential}\n${ANYBODY}`;
}

/** Gives a file with a consumer whose keys start at line 6. */
export function withConsumer(lines: string): string {
  return `${ACCOUNT}consumers:\n  bot:\n${lines}`;
}
