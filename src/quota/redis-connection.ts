import { Cluster, Redis } from 'ioredis';
import type { RedisLocation } from './redis-location.ts';

/**
 * Connects, and connects again whenever the connection ends. Nothing is queued while there is none, and no answer is waited for
 * longer than the deadline.
 */
export function connect(location: RedisLocation, deadlineMs: number): Redis | Cluster {
  const redis = toClient(location, deadlineMs);
  redis.on('error', (error: Error & { command?: { name?: string } }) => {
    // ioredis would go on in database 0, and others that have the right one would not see what is spent there.
    if (error.command?.name === 'select') redis.disconnect(true);
  });
  return redis;
}

function toClient({ server, username, password, tls }: RedisLocation, deadlineMs: number): Redis | Cluster {
  const node = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(tls === undefined ? {} : { tls }),
    connectTimeout: 1000,
    // From the first attempt on, whatever redirections and waits a cluster adds.
    commandTimeout: deadlineMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Auto-pipelining hands MOVED to the caller while a cluster is resharded (redis/ioredis 2075), and is slower here.
    enableAutoPipelining: false,
    // An old master that a Sentinel has demoted refuses writes: connect again, to the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  };
  const single = { ...node, enableOfflineQueue: false, retryStrategy: soon };
  switch (server.kind) {
    case 'single': {
      const url = server.url.reveal();
      return new Redis(/^unix:\/\/(\/.*)$/.exec(url)?.[1] ?? url, single);
    }
    case 'sentinel': {
      const { name, nodes } = server;
      const sentinel = { name, sentinels: [...nodes], sentinelRetryStrategy: soon };
      // To the Sentinels and to the master alike; either has an option of its own.
      const secured = tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true };
      return new Redis({ ...single, ...sentinel, ...secured });
    }
    case 'cluster':
      return new Cluster([...server.nodes], {
        enableOfflineQueue: false,
        clusterRetryStrategy: soon,
        retryDelayOnFailover: 50,
        retryDelayOnClusterDown: 50,
        retryDelayOnTryAgain: 20,
        slotsRefreshTimeout: 1000,
        // A node is connected to when it is first needed; what waits for that is bounded by the deadline.
        redisOptions: node,
      });
  }
}

/**
 * The same error without the command that ioredis hangs on it: that of a refused login has the password as an argument. What a cluster
 * gives as its reason becomes the cause, where a log looks for it.
 */
export function withoutCommand<Thrown>(error: Thrown): Thrown {
  if (!(error instanceof Error)) return error;
  Reflect.deleteProperty(error, 'command');
  // What Redis says of a command that it doesn't know quotes the arguments, of AUTH as well.
  error.message = error.message.replace(/,? with args beginning with.*$/s, '');
  error.cause ??= withoutCommand(Reflect.get(error, 'lastNodeError'));
  return error;
}

/** Half a second at the most, and never two replicas in step. */
function soon(attempt: number): number {
  return Math.min(50 * attempt, 500) * (0.5 + Math.random() / 2);
}
