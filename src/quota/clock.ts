/**
 * The two clocks of admission, both in milliseconds. Two, because no clock does both jobs: the vendor compares
 * signatures with the time of day, which an operator or NTP may step; windows need time that only ever goes forward,
 * or a step would free units that are still counted.
 */
export interface Clock {
  /** Time of day, since 1970-01-01T00:00:00Z; may be stepped either way. */
  wall(): number;
  /** Time since any fixed instant; never steps, never goes back. */
  monotonic(): number;
}
