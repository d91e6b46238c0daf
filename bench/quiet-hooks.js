// Puts a look-up that remembers nothing in the place of the gateway's.
const LOOKUP = new URL('quiet-lookup.js', import.meta.url).href;

export function resolve(specifier, context, next) {
  const isLookup = /\/(lookup|to-past-exchange)\.js$/.test(specifier);
  return isLookup ? { url: LOOKUP, shortCircuit: true } : next(specifier, context);
}
