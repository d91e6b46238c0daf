import { createHash, randomBytes } from 'node:crypto';

/** What all chances of a run come from: set it to another run's to have faults strike at the same moments again. */
export const SEED = process.env['ACCURACY_SEED'] ?? randomBytes(4).toString('hex');

/** Gives a number from 0 to 1, 1 excluded. */
export type Chance = () => number;

/** Numbers that follow from the seed, a name and how many were drawn: so a fault that is tried alone strikes as it did among others. */
export function chanceOf(name: string): Chance {
  let drawn = 0;
  return () => {
    drawn += 1;
    return createHash('sha256').update(`${SEED} ${name} ${drawn}`).digest().readUInt32BE() / 2 ** 32;
  };
}
