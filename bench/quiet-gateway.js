// The gateway with metrics that count nothing. The product has no switch for that, so the library is made to do nothing instead.
import { Counter, Histogram } from 'prom-client';

// Both choose one of their two in their constructor.
for (const name of ['incWithExemplar', 'incWithoutExemplar']) Counter.prototype[name] = () => {};
for (const name of ['observeWithExemplar', 'observeWithoutExemplar']) Histogram.prototype[name] = () => {};
await import('../dist/main.js');
