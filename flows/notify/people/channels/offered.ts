/** Channels that live on the tabs: *offer* hands a message to any community node, *outcome* says what became of it. */
import { type Cancel, type Clock, type Person, withinTime } from '@sabha/contracts';
import type { Changed, Channel, OpenChannel, Outcome, RenderedMessage } from '../../../engine/records/notices.ts';

/** A community node has this long to say what became of a message; then it is offered again. */
const outcomeLimitMs = 120_000;

/** What an offer node sends to the community node behind it. `sabha.key` must come back with the outcome; `sabha.copy` names the message that is to be changed. */
export type OfferedMessage = ReturnType<typeof offered>;

/** Where channels of the settings and nodes of the tabs meet. */
export type Offers = ReturnType<typeof createOffers>;

/** Who takes what, by name: the newest of a name wins, and letting go of an older one changes nothing. */
export function createTakers<T>() {
  const takers = new Map<string, (one: T) => void>();
  return {
    of: (name: string) => takers.get(name),
    take(name: string, taker: (one: T) => void): Cancel {
      takers.set(name, taker);
      return () => {
        if (takers.get(name) === taker) takers.delete(name);
      };
    },
  };
}

/** Guarantee: `delivered` only after an outcome node said so for this very message. */
export function createOffers() {
  const takers = createTakers<OfferedMessage>();
  const waiting = new Map<string, (outcome: Outcome) => void>();
  let changes = 0;

  function ask(name: string, offer: OfferedMessage, signal: AbortSignal): Promise<Outcome> {
    const give = takers.of(name);
    if (give === undefined) return Promise.resolve({ result: 'retry', reason: `no offer node of the channel "${name}" runs` });
    const { key } = offer.sabha;
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        waiting.delete(key);
        signal.removeEventListener('abort', tooLate);
        resolve(outcome);
      };
      const tooLate = () => settle({ result: 'retry', reason: 'no outcome in time' });
      signal.addEventListener('abort', tooLate);
      waiting.set(key, settle);
      give(offer);
    });
  }

  return {
    /** The channel of a name; it exists as soon as a person has an address under that name, whether or not its node runs. */
    channel: (name: string): Channel => ({
      limitMs: outcomeLimitMs,
      async send(message, person, signal) {
        const offer = offered(name, message, person);
        const outcome = await ask(name, offer, signal);
        if (outcome.result !== 'delivered' || outcome.copy === undefined) return outcome;
        return { ...outcome, copy: `${offer.person.address}\n${outcome.copy}` };
      },
      async edit({ id, notice, said }, person, signal) {
        const [address, copy = ''] = id.split('\n');
        if (person.addresses[name] !== address) return { result: 'refused', reason: `${person.id} has another address now` };
        changes += 1;
        const changed = { key: `change ${changes}`, subject: '', text: below(said()), severity: notice.severity };
        return ask(name, { ...offered(name, changed, person), sabha: { key: changed.key, copy } }, signal);
      },
    }),
    /** The offer node of a channel takes its messages; the newest wins. */
    take: takers.take,
    /** What became of a message; false where nothing waits for it (any more). */
    outcome(key: string, outcome: Outcome): boolean {
      const settle = waiting.get(key);
      settle?.(outcome);
      return settle !== undefined;
    },
  };
}

/** What is opened for each channel that lives on the tabs, by its name; it reaches who has an address for it. */
export function channelsOnTabs(names: readonly string[], offers: Offers, clock: Clock): [string, OpenChannel][] {
  const late = { result: 'retry', reason: 'no outcome in time' } as const;
  return names.map((name) => {
    const channel = offers.channel(name);
    const edit: Channel['edit'] = (copy, person, cut) =>
      withinTime<Outcome>({ clock, limitMs: outcomeLimitMs, late, cut }, async (own) => channel.edit?.(copy, person, own) ?? late);
    return [name, { channel: { ...channel, edit }, reaches: ({ addresses }) => addresses[name] !== undefined }];
  });
}

function below({ text, lines }: ReturnType<Changed['said']>): string {
  return [text.trimEnd(), ...lines].join('\n\n');
}

function offered(
  name: string,
  { key, subject, text, severity }: Pick<RenderedMessage, 'key' | 'subject' | 'text' | 'severity'>,
  person: Person,
) {
  const { id, language, addresses } = person;
  return {
    topic: subject,
    payload: text,
    person: { id, name: person.name, address: addresses[name] ?? '', language },
    severity,
    sabha: { key } as { key: string; copy?: string },
  };
}
