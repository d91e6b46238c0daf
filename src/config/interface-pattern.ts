// The vendor's methods; ENABLE and DISABLE are its own.
const METHOD = 'GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|ENABLE|DISABLE';
const SEGMENT = '/(\\*|[^/*?#\\s\\p{Cc}]*)';

/** An interface of the vendor, as the catalogue names it: `GET /api/domain/*`, where `*` is one segment. */
export const INTERFACE_PATTERN = `^(${METHOD}) (${SEGMENT})+$`;

/** What a caller may use: `*`, `read-only`, or an interface where the method may be `*` and the end `/**`. */
export const ALLOW_PATTERN = `^(\\*|read-only|(\\*|${METHOD}) ((${SEGMENT})+|(${SEGMENT})*/\\*\\*))$`;
