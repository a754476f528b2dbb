/** An outbox over channels with scripted responses, and a ledger that keeps rows by key. */
import { onTestFinished } from 'vitest';
import type { OpenChannel, OutboxRow, RenderedMessage, SendOutcome } from '../../engine/records/notices.ts';
import { createOutbox, type OutboxOptions } from './outbox.ts';
import { type TestClock, technician, testClock } from './people.test-helper.ts';
import { createRoster } from './roster.ts';

export type Send = (message: RenderedMessage, signal: AbortSignal) => SendOutcome | Promise<SendOutcome>;
export const delivered: Send = () => ({ result: 'delivered' });
export const hangs: Send = () => new Promise(() => {});

const bina = { ...technician, id: 'bina', email: 'bina@office.test' };

/** `ledger` and `clock` outlive a process. */
export type Changes = Partial<Omit<OutboxOptions, 'clock'>> & { ledger?: Map<string, OutboxRow>; clock?: TestClock };

/** `sends`: for each channel its response, which a test may change later, or the channel itself. The console accepts everything. */
export function outboxOver(
  sends: Record<string, Send | OpenChannel>,
  { ledger = new Map(), clock = testClock(), ...changes }: Changes = {},
) {
  const sent: { at: number; channel: string; message: RenderedMessage }[] = [];
  const outcomes: { row: OutboxRow; outcome: SendOutcome }[] = [];
  const over = new Set<number>();
  const channelOf = (name: string): OpenChannel => {
    const own = sends[name];
    if (typeof own === 'object') return own;
    const send = async (message: RenderedMessage, _: unknown, signal: AbortSignal) => {
      sent.push({ at: clock.up(), channel: name, message });
      const answer = sends[name];
      return typeof answer === 'function' ? answer(message, signal) : ({ result: 'delivered' } as const);
    };
    const reaches: OpenChannel['reaches'] = ({ email, addresses }) =>
      (name !== 'email' || email !== undefined) && (name !== 'telegram' || addresses[name] !== undefined);
    const single = name === 'tickets' || name === 'sms';
    return { channel: { send }, reaches, single, once: name === 'sms', joined: name === 'push' };
  };
  const channels = new Map(['console', ...Object.keys(sends)].map((name) => [name, channelOf(name)]));
  const outbox = createOutbox({
    clock,
    random: () => 0.5,
    async commit(ops) {
      for (const op of ops) if (op.op === 'outbox-set' || (op.op === 'outbox' && !ledger.has(op.row.key))) ledger.set(op.row.key, op.row);
    },
    channels,
    roster: createRoster([technician, bina]),
    isOver: (incident) => over.has(incident),
    onOutcome: (row, outcome) => outcomes.push({ row, outcome }),
    ...changes,
  });
  onTestFinished(async () => {
    const stopped = outbox.stop();
    await clock.pass(1_000);
    await stopped;
  });
  const ended = outbox.run();
  const add = (...rows: OutboxRow[]) => {
    for (const one of rows) ledger.set(one.key, one);
    outbox.add(rows);
  };
  const told = (channel: string) => sent.filter((one) => one.channel === channel).map(({ at, message }) => ({ at, message }));
  const results = () => outcomes.map(({ row, outcome }) => `${row.key} ${outcome.result}`);
  const messages = () => sent.map(({ message }) => message);
  const keys = () => messages().map(({ key }) => key);
  return { clock, outbox, ledger, outcomes, results, over, sent, messages, keys, told, channels, add, ended };
}
