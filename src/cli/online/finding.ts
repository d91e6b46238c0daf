/** What one look at the world outside came to. Never holds a secret. */
export interface Finding {
  /** What was looked at. */
  readonly what: string;
  readonly fine: boolean;
  /** What was seen; of a fault, also what to do. */
  readonly says: string;
}
