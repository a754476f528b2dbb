/** Channels that live on the tabs: *offer* hands a message to any community node, *outcome* says what became of it. */
import { type Cancel, type Clock, type Person, withinTime } from '@sabha/contracts';
import type { Channel, OpenChannel, Outcome, RenderedMessage } from '../../../engine/records/notices.ts';

/** A community node has this long to say what became of a message; then it is offered again. */
const outcomeLimitMs = 120_000;
const late = { result: 'retry', reason: 'no outcome in time' } as const;

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
      const tooLate = () => settle(late);
      signal.addEventListener('abort', tooLate);
      waiting.set(key, settle);
      give(offer);
    });
  }

  return {
    /** The channel of a name; it exists as soon as a person has an address under that name, whether or not its node runs. */
    channel: (name: string, clock: Clock): Channel => ({
      limitMs: outcomeLimitMs,
      async send(message, person, signal) {
        const offer = offered(name, message, person);
        const outcome = await ask(name, offer, signal);
        if (outcome.result !== 'delivered' || outcome.copy === undefined) return outcome;
        return { ...outcome, copy: `${offer.person.address}\n${outcome.copy}` };
      },
      async edit({ id, notice, said }, person, cut) {
        const [address, copy = ''] = id.split('\n');
        if (person.addresses[name] !== address) return { result: 'refused', reason: `${person.id} has another address now` };
        changes += 1;
        const key = `change ${changes}`;
        const { text, lines } = said();
        const changed = { key, subject: '', text: [text.trimEnd(), ...lines].join('\n\n'), severity: notice.severity };
        const offer = { ...offered(name, changed, person), sabha: { key, copy } };
        return withinTime<Outcome>({ clock, limitMs: outcomeLimitMs, late, cut }, (signal) => ask(name, offer, signal));
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

/** A channel that lives on the tabs; it reaches who has an address for it. */
export function channelOnTabs(name: string, offers: Offers, clock: Clock): OpenChannel {
  return { channel: offers.channel(name, clock), reaches: ({ addresses }) => addresses[name] !== undefined };
}

function offered(name: string, message: Pick<RenderedMessage, 'key' | 'subject' | 'text' | 'severity'>, person: Person) {
  const { key, subject, text, severity } = message;
  const { id, language, addresses } = person;
  return {
    topic: subject,
    payload: text,
    person: { id, name: person.name, address: addresses[name] ?? '', language },
    severity,
    sabha: { key } as { key: string; copy?: string },
  };
}
