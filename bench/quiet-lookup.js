export const REPLICA = 'quiet';
export const toPastExchange = () => undefined;
export const createLookup = () => ({ record() {}, find: async () => ({ exchanges: [] }), close: async () => {} });
