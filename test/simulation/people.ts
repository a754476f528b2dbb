/** The people of the simulation, and channels that record deliveries and can fail. */
import type { Person } from '@sabha/contracts';
import type { DeliveryOutcome, MessageEdit, RenderedMessage } from '../../flows/engine/records/notices.ts';
import type { Channels } from '../../flows/notify/people/channels/channels.ts';
import type { Random } from '../random.ts';
import type { Process, Time } from './time.ts';

const alone = { webhook: false, addresses: {} };
export const people: Person[] = [
  { id: 'asha', name: 'Asha', role: 'technician', scope: 'ladakh', language: 'en', email: 'asha@office.test', ...alone },
  { id: 'tashi', name: 'Tashi', role: 'state', scope: 'ladakh', language: 'hi', email: 'tashi@state.test', ...alone },
  { id: 'meera', name: 'Meera', role: 'central', scope: '', language: 'en', email: 'meera@central.test', ...alone },
];

export type Delivery = { at: number; channel: string; key: string; person: string; subject: string; text: string };
/** `retry` fails temporarily, `hangs` never responds, `refused` fails permanently. */
export type ChannelTrouble = 'retry' | 'hangs' | 'refused' | null;

export type Post = {
  deliveries: Delivery[];
  /** Whether delivered messages can be changed. `copies` has the last text of each, by name. */
  keeps: boolean;
  copies: Map<string, string>;
  trouble: ChannelTrouble;
  channels(process: Process): Channels;
};

const sendMs = 40;

export function createPost({ time, random }: { time: Time; random: Random }): Post {
  const post: Post = { deliveries: [], keeps: false, copies: new Map(), trouble: null, channels };

  function channels(process: Process): Channels {
    const channel = (name: string, trouble: () => ChannelTrouble) => ({
      channel: {
        close: () => {},
        send: (message: RenderedMessage, person: Person) => send({ name, process, trouble }, message, person),
        edit: async ({ id, said }: MessageEdit): Promise<DeliveryOutcome> => {
          const { text, lines } = said();
          post.copies.set(id, [text, ...lines].join('\n'));
          return { result: 'delivered' };
        },
      },
      reaches: () => true,
    });
    return new Map([
      ['console', channel('console', () => null)],
      ['email', channel('email', () => post.trouble)],
    ]);
  }

  function taken(name: string, { text }: RenderedMessage): DeliveryOutcome {
    if (!post.keeps || name !== 'email') return { result: 'delivered' };
    const copy = `${post.deliveries.length}`;
    post.copies.set(copy, text);
    return { result: 'delivered', copy };
  }

  /** Sends a message. The process may die before the delivery, or after it without a result. */
  function send(
    at: { name: string; process: Process; trouble: () => ChannelTrouble },
    message: RenderedMessage,
    person: Person,
  ): Promise<DeliveryOutcome> {
    const { promise, resolve } = Promise.withResolvers<DeliveryOutcome>();
    const { process, name } = at;
    const trouble = at.trouble();
    if (process.point('before a send') || trouble === 'hangs') return promise;
    time.later(sendMs * random.next(), () => {
      if (!process.alive() && random.next() < 0.5) return;
      if (trouble !== null) return resolve(trouble === 'retry' ? { result: 'retry', reason: 'busy' } : { result: 'refused', reason: 'no' });
      post.deliveries.push({
        at: time.now(),
        channel: name,
        key: message.key,
        person: person.id,
        subject: message.subject,
        text: message.text,
      });
      if (process.point('after a send')) return;
      const took = taken(name, message);
      time.later(sendMs * random.next(), () => (process.alive() ? resolve(took) : undefined));
    });
    return promise;
  }

  return post;
}
