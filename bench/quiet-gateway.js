// The gateway with metrics that count nothing and a look-up that remembers nothing. The product has no switch for that, so what counts
// and a module of its own are replaced by what does nothing.
import { register } from 'node:module';
import { SeriesCounter, SeriesHistogram } from '../dist/http/telemetry-series.js';

SeriesCounter.prototype.inc = () => {};
SeriesHistogram.prototype.observe = () => {};
register('./quiet-hooks.js', import.meta.url);
await import('../dist/main.js');
