// Bytes that are almost requests. `npm run test:fuzz` sends many more of them. Needs `npm run build`, as `npm test` does.
import t from 'tap';
import { fuzz } from '../fuzz/fuzz.ts';

t.test('5,000 spoiled requests neither stop a gateway nor get anything past it', (t) => {
  return fuzz(t, { requests: 5000, seed: 20_261_125 });
});
