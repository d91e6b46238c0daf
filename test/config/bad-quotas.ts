import { type BadFile, REST } from './bad-file.ts';

/** What is wrong with quotas. */
export const badQuotas: readonly BadFile[] = [
  {
    name: 'a duration without unit',
    yaml: `quotas: { account: { quota: 1, window: 5 } }\n${REST}`,
    mistakes: ['1:32  quotas.account.window  expected a duration such as 5m (1ms to 31d), got 5'],
  },
  {
    name: 'a duration of another unit',
    yaml: `quotas: { account: { quota: 1, window: 1w } }\n${REST}`,
    mistakes: ['1:32  quotas.account.window  expected a duration such as 5m (1ms to 31d), got "1w"'],
  },
  {
    name: 'a window of nothing',
    yaml: `quotas: { account: { quota: 1, window: 0s } }\n${REST}`,
    mistakes: ['1:32  quotas.account.window  expected a duration such as 5m (1ms to 31d), got "0s"'],
  },
  {
    name: 'a window of more than 31 days',
    yaml: `quotas: { account: { quota: 1, window: 745h } }\n${REST}`,
    mistakes: ['1:32  quotas.account.window  expected a duration such as 5m (1ms to 31d), got "745h"'],
  },
  {
    name: 'a margin of more than a minute',
    yaml: `quotas: { margin: 61s }\n${REST}`,
    mistakes: ['1:11  quotas.margin  expected a duration such as 1s (at most 1m), got "61s"'],
  },
  {
    name: 'a quota of nothing',
    yaml: `quotas: { interface: { quota: 0, window: 5m } }\n${REST}`,
    mistakes: ['1:24  quotas.interface.quota  expected a whole number from 1, got 0'],
  },
  {
    name: 'half a request',
    yaml: `quotas: { interface: { quota: 0.5, window: 5m } }\n${REST}`,
    mistakes: ['1:24  quotas.interface.quota  expected a whole number from 1, got 0.5'],
  },
  {
    name: 'an unknown treatment of documented limits',
    yaml: `quotas: { documentedLimits: obey }\n${REST}`,
    mistakes: ['1:11  quotas.documentedLimits  expected "tighten", "replace" or "ignore", got "obey"'],
  },
  {
    name: 'a limit without window',
    yaml: `quotas:\n  interfaces:\n    POST /a: { quota: 1 }\n${REST}`,
    mistakes: ['3:5  quotas.interfaces["POST /a"].window  missing; expected a duration such as 5m (1ms to 31d)'],
  },
  {
    name: 'a number as limit',
    yaml: `quotas:\n  interfaces:\n    POST /a: 5\n${REST}`,
    mistakes: ['3:5  quotas.interfaces["POST /a"]  expected a limit such as { quota: 30, window: 5m }, got a number'],
  },
  {
    name: 'an empty list of limits',
    yaml: `quotas:\n  interfaces:\n    POST /a: []\n${REST}`,
    mistakes: ['3:5  quotas.interfaces["POST /a"]  expected a list of at least one limit'],
  },
  {
    name: 'a wrong limit in a list',
    yaml: `quotas:\n  interfaces:\n    POST /a: [{ quota: 1, window: 5m }, { quota: many, window: 5m }]\n${REST}`,
    mistakes: ['3:43  quotas.interfaces["POST /a"][1].quota  expected a whole number from 1, got "many"'],
  },
  {
    name: 'an interface without method',
    yaml: `quotas:\n  interfaces:\n    /a: { quota: 1, window: 5m }\n${REST}`,
    mistakes: [
      '3:5  quotas.interfaces["/a"]  expected an interface such as POST /ccm/purge/ItemIdReceiver, with "*" for one segment',
    ],
  },
  {
    name: 'an interface in lower case',
    yaml: `quotas:\n  interfaces:\n    post /a: { quota: 1, window: 5m }\n${REST}`,
    mistakes: [
      '3:5  quotas.interfaces["post /a"]  expected an interface such as POST /ccm/purge/ItemIdReceiver, with "*" for one segment',
    ],
  },
  {
    name: 'an interface with half a wildcard',
    yaml: `quotas:\n  interfaces:\n    POST /a*: { quota: 1, window: 5m }\n${REST}`,
    mistakes: [
      '3:5  quotas.interfaces["POST /a*"]  expected an interface such as POST /ccm/purge/ItemIdReceiver, with "*" for one segment',
    ],
  },
];
