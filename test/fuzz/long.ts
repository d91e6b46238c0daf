// `npm run test:fuzz`: FUZZ_REQUESTS (200,000) and FUZZ_SEED (another each time) may be given.
import { randomInt } from 'node:crypto';
import t from 'tap';
import { fuzz } from './fuzz.ts';

const { FUZZ_REQUESTS = '200000', FUZZ_SEED = String(randomInt(2 ** 32)) } = process.env;

t.test(`${FUZZ_REQUESTS} spoiled requests neither stop a gateway nor get anything past it`, (t) => {
  return fuzz(t, { requests: Number(FUZZ_REQUESTS), seed: Number(FUZZ_SEED) });
});
