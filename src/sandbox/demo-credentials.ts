/** Access key that a sandbox accepts when it is given none; its secret is `DEMO_SECRET_KEY`. */
export const DEMO_ACCESS_KEY = 'sandbox-access-key';

/** Secret key of `DEMO_ACCESS_KEY`. Public: it opens nothing but a sandbox. */
export const DEMO_SECRET_KEY = 'sandbox-secret-key';

/** API user that a sandbox accepts when it is given none; its key is `DEMO_API_KEY`. */
export const DEMO_USERNAME = 'sandbox-user';

/** API key of `DEMO_USERNAME`. Public: it opens nothing but a sandbox. */
export const DEMO_API_KEY = 'sandbox-api-key';
