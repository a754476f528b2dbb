/** One message to one person over one channel, past the outbox: whether it arrives is the proof of the channel. */
import type { Clock } from '#contracts';
import { centralNotice } from '../incidents/notice.ts';
import type { Outcome } from '../records/notices.ts';
import type { Place } from '../records/place.ts';
import type { Channels } from './channels/channels.ts';
import { limited } from './limited.ts';
import type { Roster } from './roster.ts';
import { render } from './words.ts';

/** Whom it may go to, and over what. */
export type ProveOptions = { clock: Clock; channels: Channels; roster: Pick<Roster, 'person'>; place: Place };

/** Sends it; `delivered` is the word of the channel. */
export type Prove = (person: string, channel: string) => Promise<Outcome>;

/** Whoever asked is waiting for the answer. */
const proveLimitMs = 30_000;

/** Guarantee: sent once, whatever becomes of it: a retry of the outbox would prove another moment. */
export function createProve({ clock, channels, roster, place }: ProveOptions): Prove {
  return async (id, name) => {
    const open = channels.get(name);
    const person = roster.person(id);
    if (open === undefined || !open.reaches(person)) return { result: 'refused', reason: `the channel "${name}" does not reach ${id}` };
    const now = clock.now();
    const notice = { ...centralNotice({ kind: 'direct', lines: ['channel_test'], place, now }), severity: 'info' as const };
    const { language } = person;
    const message = {
      key: `test/${name}/${id}/${Math.floor(now)}`,
      ...render(notice, language),
      language,
      severity: notice.severity,
      notice,
    };
    return limited({ clock, limitMs: proveLimitMs }, (signal) => open.channel.send(message, person, signal));
  };
}
