// The gateway with metrics that count nothing and a look-up that remembers nothing. The product has no switch for that, so what counts
// and a module of its own are replaced by what does nothing.
import { register } from 'node:module';
import { Counter, Histogram } from 'prom-client';
import { SeriesCounter, SeriesHistogram } from '../dist/http/telemetry-series.js';

SeriesCounter.prototype.inc = () => {};
SeriesHistogram.prototype.observe = () => {};
// Both choose one of their two in their constructor.
for (const name of ['incWithExemplar', 'incWithoutExemplar']) Counter.prototype[name] = () => {};
for (const name of ['observeWithExemplar', 'observeWithoutExemplar']) Histogram.prototype[name] = () => {};
register('./quiet-hooks.js', import.meta.url);
await import('../dist/main.js');
