/** Channels that tabs provide: *offer* passes a message to any community node, *outcome* returns its result. */
import { type Cancel, type Clock, type Person, withTimeout } from '@sabha/contracts';
import type { Channel, DeliveryOutcome, OpenChannel, RenderedMessage } from '../../../engine/records/notices.ts';

/** Time for a community node to return an outcome; then the message is offered again, R25 (timers and outcomes). */
const outcomeLimitMs = 120_000;
const timedOut = { result: 'retry', reason: 'no result before the deadline' } as const;

/**
 * Message that an offer node passes to a community node. `sabha.key` must return with the outcome. `sabha.copy` names the message to edit.
 */
export type OfferedMessage = ReturnType<typeof offeredMessageOf>;

/** Connects the channels of the settings with the nodes of the tabs. */
export type Offers = ReturnType<typeof createOffers>;

/** Registers handlers by name. The newest handler of a name is used, and cancelling an older one changes nothing. */
export function createHandlers<T>() {
  const takers = new Map<string, (one: T) => void>();
  return {
    of: (name: string) => takers.get(name),
    register(name: string, handler: (one: T) => void): Cancel {
      takers.set(name, handler);
      return () => {
        if (takers.get(name) === handler) takers.delete(name);
      };
    },
  };
}

/** Guarantee: `delivered` only after an outcome node confirmed this very message. */
export function createOffers() {
  const takers = createHandlers<OfferedMessage>();
  const waiting = new Map<string, (outcome: DeliveryOutcome) => void>();
  let changes = 0;

  function ask(name: string, offer: OfferedMessage, signal: AbortSignal): Promise<DeliveryOutcome> {
    const give = takers.of(name);
    if (give === undefined) return Promise.resolve({ result: 'retry', reason: `no offer node of the channel "${name}" runs` });
    const { key } = offer.sabha;
    return new Promise((resolve) => {
      const settle = (outcome: DeliveryOutcome) => {
        waiting.delete(key);
        signal.removeEventListener('abort', tooLate);
        resolve(outcome);
      };
      const tooLate = () => settle(timedOut);
      signal.addEventListener('abort', tooLate);
      waiting.set(key, settle);
      give(offer);
    });
  }

  return {
    /** Returns the channel of a name. The channel exists also while no node with its name runs. */
    channel: (name: string, clock: Clock): Channel => ({
      limitMs: outcomeLimitMs,
      async send(message, person, signal) {
        const offer = offeredMessageOf(name, message, person);
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
        const offer = { ...offeredMessageOf(name, changed, person), sabha: { key, copy } };
        return withTimeout<DeliveryOutcome>({ clock, limitMs: outcomeLimitMs, timeoutValue: timedOut, cut }, (signal) =>
          ask(name, offer, signal),
        );
      },
    }),
    take: takers.register,
    /** Ends the wait for the outcome of a message. False if no message waits for this outcome. */
    outcome(key: string, outcome: DeliveryOutcome): boolean {
      const settle = waiting.get(key);
      settle?.(outcome);
      return settle !== undefined;
    },
  };
}

/** Describes a channel that tabs provide. It reaches persons with an address under its name. */
export function channelOnTabs(name: string, offers: Offers, clock: Clock): OpenChannel {
  return { channel: offers.channel(name, clock), reaches: ({ addresses }) => addresses[name] !== undefined };
}

function offeredMessageOf(name: string, message: Pick<RenderedMessage, 'key' | 'subject' | 'text' | 'severity'>, person: Person) {
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
