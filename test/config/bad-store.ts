import { type BadFile, REST } from './bad-file.ts';

/** What is wrong with a store in Redis. */
export const badStore: readonly BadFile[] = [
  {
    name: 'a store in Redis without a place',
    yaml: `store: { type: redis }\n${REST}`,
    mistakes: ['1:1  store  expected one of url, cluster and sentinel'],
  },
  {
    name: 'a store in two places',
    yaml: `store: { type: redis, url: "redis://r", cluster: ["a:1"] }\n${REST}`,
    mistakes: ['1:1  store  expected one of url, cluster and sentinel'],
  },
  {
    name: 'a password in the URL',
    yaml: `store: { type: redis, url: "redis://:s3cret@r:6379" }\n${REST}`,
    mistakes: [
      '1:23  store.url  expected a redis://, rediss:// or unix:// URL without a password, or { env: NAME } or { file: PATH }',
    ],
  },
  {
    name: 'a URL that is none, behind a reference',
    yaml: `store: { type: redis, url: { env: KEY } }\n${REST}`,
    mistakes: ['1:23  store.url  expected a redis://, rediss:// or unix:// URL'],
  },
  ...['redis://r/one', 'redis://r/1/2', 'redis://r/1?commandTimeout=9000', 'redis://r:6379/#1'].map((url) => ({
    name: `what is no number of a database after the address: ${url}`,
    yaml: `store: { type: redis, url: "${url}" }\n${REST}`,
    mistakes: ['1:23  store.url  expected a URL with at most the number of a database after the address'],
  })),
  {
    name: 'a literal password of Redis',
    yaml: `store: { type: redis, url: "redis://r", password: s3cret }\n${REST}`,
    mistakes: ['1:41  store.password  a literal secret; use { env: NAME } or { file: PATH }'],
  },
  {
    name: 'a Sentinel without a master, and a node without a port',
    yaml: `store: { type: redis, sentinel: { nodes: [10.0.0.1] } }\n${REST}`,
    mistakes: [
      "1:23  store.sentinel.name  missing; expected the master's name",
      '1:43  store.sentinel.nodes[0]  expected an address such as 10.0.0.1:6379, got "10.0.0.1"',
    ],
  },
  {
    name: 'certificates for Redis that are none',
    yaml: `store: { type: redis, url: "rediss://r", caFile: junk.pem }\n${REST}`,
    mistakes: ['1:42  store.caFile  expected a file of certificates (PEM)'],
  },
  {
    name: 'other ways to be down or to start',
    yaml: `store: { type: redis, url: "redis://r", whenDown: open, coldStart: cold, deadline: 2s, keyPrefix: "{a}" }\n${REST}`,
    mistakes: [
      '1:41  store.whenDown  expected "closed" or "own", got "open"',
      '1:57  store.coldStart  expected "trust" or "hold", got "cold"',
      '1:74  store.deadline  expected a duration such as 500ms (at most 1s), got "2s"',
      '1:88  store.keyPrefix  expected at most 64 letters, digits, ".", "_", ":" and "-", got "{a}"',
    ],
  },
];
