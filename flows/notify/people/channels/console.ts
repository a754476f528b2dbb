/** The channel that always works: one line in the log of the server. */
import type { Channel, ChannelKind, LogLine } from '../../../engine/records/notices.ts';

/** Reaches everyone: the operators of the server read its log. */
export const consoleKind: ChannelKind = {
  name: 'console',
  words: { en: 'console', hi: 'कंसोल' },
  open: (_settings, { log }) => createConsole(log),
  reaches: () => true,
};

/** Guarantee: every message is delivered, as exactly one line. */
export function createConsole(log: LogLine): Channel {
  return {
    async send({ key, subject, text, severity }, person) {
      log({ key, severity, person: person.id, text }, `to ${person.id}: ${subject}`);
      return { result: 'delivered' };
    },
  };
}
