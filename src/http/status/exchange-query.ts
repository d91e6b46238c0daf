import { type ExchangeQuery, KEPT, LONGEST } from '../../lookup/past-exchange.ts';

/** What `/requests` may be asked: how the words of its query are called in the code, and how much is kept of what they ask for. */
const PARAMETERS = new Map([
  ['id', { name: 'id', longest: LONGEST.id }],
  ['cnc-request-id', { name: 'cncRequestId', longest: LONGEST.id }],
  ['consumer', { name: 'consumer', longest: undefined }],
  ['interface', { name: 'interface', longest: LONGEST.interface }],
  ['account', { name: 'account', longest: undefined }],
]);

const DEFAULT_LIMIT = 50;
const MOST = KEPT.calls + KEPT.refusals;

/** A query that asks for something that there isn't. */
export class BadQuery extends Error {}

/**
 * Reads a query. What is given empty, as a form does, is not asked for. Of what is kept cut off the same part is asked for, so that
 * the whole of an id finds it.
 *
 * @throws BadQuery on a parameter that there isn't, so that a misspelt one doesn't find everything
 */
export function readExchangeQuery(given: Readonly<Record<string, unknown>>): ExchangeQuery {
  const { limit, ...rest } = given;
  const words: Record<string, string> = {};
  for (const [parameter, value] of Object.entries(rest)) {
    const known = PARAMETERS.get(parameter);
    if (known === undefined) {
      throw new BadQuery(`there is no "${parameter.slice(0, 64)}": ask by ${[...PARAMETERS.keys()].join(', ')}, limit`);
    }
    if (typeof value !== 'string') throw new BadQuery(`${parameter} is given more than once`);
    if (value.trim() !== '') words[known.name] = value.trim().slice(0, known.longest);
  }
  return { ...words, limit: readLimit(limit) };
}

function readLimit(limit: unknown): number {
  if (limit === undefined || limit === '') return DEFAULT_LIMIT;
  const count = Number(limit);
  if (typeof limit !== 'string' || !/^\d{1,5}$/.test(limit) || count < 1 || count > MOST) {
    throw new BadQuery(`limit is a whole number from 1 to ${MOST}`);
  }
  return count;
}
