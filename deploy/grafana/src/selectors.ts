/** The accounts that the reader picks. */
export const ACCOUNT = 'account=~"$account"';

/** The replicas that the reader picks. */
export const REPLICA = 'instance=~"$instance"';

/** A time that holds some scrapes, however far the reader zooms in. */
export const EVERY = '[$__rate_interval]';
