/** Channels that live on the tabs: *offer* hands a message to any community node, *outcome* says what became of it. */
import type { Cancel, Person } from '#contracts';
import type { Channel, OpenChannel, Outcome, RenderedMessage } from '../../records/notices.ts';

/** A community node has this long to say what became of a message; then it is offered again. */
const outcomeLimitMs = 120_000;

/** What an offer node sends to the community node behind it. `sabha.key` must come back with the outcome. */
export type OfferedMessage = {
  topic: string;
  payload: string;
  person: { id: string; name: string; address: string; language: string };
  severity: string;
  sabha: { key: string };
};

/** Where channels of the settings and nodes of the tabs meet. */
export type Offers = {
  /** The channel of a name; it exists as soon as a person has an address under that name, whether or not its node runs. */
  channel(name: string): Channel;
  /** The offer node of a channel takes its messages; the newest wins. */
  take(name: string, give: (message: OfferedMessage) => void): Cancel;
  /** What became of a message; false where nothing waits for it (any more). */
  outcome(key: string, outcome: Outcome): boolean;
};

/** Takers of one kind of message, by name. */
export type Takers<T> = ReturnType<typeof createTakers<T>>;

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
export function createOffers(): Offers {
  const takers = createTakers<OfferedMessage>();
  const waiting = new Map<string, (outcome: Outcome) => void>();

  function send(name: string, message: RenderedMessage, { person, signal }: { person: Person; signal: AbortSignal }): Promise<Outcome> {
    const give = takers.of(name);
    if (give === undefined) return Promise.resolve({ result: 'retry', reason: `no offer node of the channel "${name}" runs` });
    const { key } = message;
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        waiting.delete(key);
        signal.removeEventListener('abort', tooLate);
        resolve(outcome);
      };
      const tooLate = () => settle({ result: 'retry', reason: 'no outcome in time' });
      signal.addEventListener('abort', tooLate);
      waiting.set(key, settle);
      give(offered(name, message, person));
    });
  }

  return {
    channel: (name) => ({
      limitMs: outcomeLimitMs,
      send: (message, person, signal) => send(name, message, { person, signal }),
      close() {},
    }),
    take: takers.take,
    outcome(key, outcome) {
      const settle = waiting.get(key);
      settle?.(outcome);
      return settle !== undefined;
    },
  };
}

/** What is opened for each channel that lives on the tabs, by its name; it reaches who has an address for it. */
export function channelsOnTabs(names: readonly string[], offers: Offers): [string, OpenChannel][] {
  return names.map((name) => [name, { channel: offers.channel(name), reaches: ({ addresses }) => addresses[name] !== undefined }]);
}

function offered(name: string, { key, subject, text, severity }: RenderedMessage, person: Person): OfferedMessage {
  const { id, language, addresses } = person;
  return {
    topic: subject,
    payload: text,
    person: { id, name: person.name, address: addresses[name] ?? '', language },
    severity,
    sabha: { key },
  };
}
