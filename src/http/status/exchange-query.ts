import { type ExchangeQuery, KEPT } from '../../lookup/past-exchange.ts';

/** What `/requests` may be asked, and how the words of its query are called in the code. */
const PARAMETERS = {
  id: 'id',
  'cnc-request-id': 'cncRequestId',
  consumer: 'consumer',
  interface: 'interface',
  account: 'account',
} as const;

const DEFAULT_LIMIT = 50;
const MOST = KEPT.calls + KEPT.refusals;

/** A query that asks for something that there isn't. */
export class BadQuery extends Error {}

/**
 * Reads a query. What is given empty, as a form does, is not asked for.
 *
 * @throws BadQuery on a parameter that there isn't, so that a misspelt one doesn't find everything
 */
export function readExchangeQuery(given: Readonly<Record<string, unknown>>): ExchangeQuery {
  const { limit, ...rest } = given;
  const words: Record<string, string> = {};
  for (const [parameter, value] of Object.entries(rest)) {
    const name = Object.entries(PARAMETERS).find(([known]) => known === parameter)?.[1];
    if (name === undefined) {
      throw new BadQuery(
        `there is no "${parameter.slice(0, 64)}": ask by ${Object.keys(PARAMETERS).join(', ')}, limit`,
      );
    }
    if (typeof value !== 'string') throw new BadQuery(`${parameter} is given more than once`);
    if (value.trim() !== '') words[name] = value.trim();
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
