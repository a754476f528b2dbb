/**
 * Commands to PCs: signed, written down, sent, sent again at each birth until they are answered or worth nothing any more.
 *
 * From an order to its result, in this order:
 *
 *     order      api/command-routes.ts     who orders what, for which scope
 *     queue      measure-queue.ts          `measure-link` becomes commands to single PCs, in turn; any other goes straight on
 *     issue      this file                 signed and counted, into the ledger, then sent
 *     carry out  (the agent)               its answer is an event
 *     read       ingest/read-message.ts    the event `command` is the row `command-answer`
 *     commit     flows/pipeline.ts         and then `heard`, here and in the queue
 *     show       `one`, `list`             from the ledger: answers, and who is missing
 */
import type { KeyObject } from 'node:crypto';
import {
  addresses,
  type Clock,
  type Command,
  type CommandSummary,
  type CommandView,
  commandLifeMs,
  encode,
  isPcPath,
  pcTopic,
  readOrder,
  type Signed,
  sealSigned,
} from '@sabha/contracts';
import type { CommandRow, Contents, Ledger } from '../../engine/records/ops.ts';
import type { Ingest } from '../../ingest/ingest.ts';
import type { Report } from '../../ingest/read-message.ts';

/** `to` is '' for the nation, a state, state/site or the path of a PC. */
export type Ordering = { to: string; verb: string; args: Record<string, unknown>; by: string };
/** What became of an order; `missing` where its scope is none. */
export type Issued = { ok: true; id: string } | { ok: false; missing: boolean; line: string };

/** What commands are made of, and how they go out. */
export type CommandsOptions = {
  clock: Clock;
  /** The centre's own, which signs. */
  key: KeyObject;
  ledger: Pick<Ledger, 'commands' | 'command' | 'openCommands'>;
  ingest(): Ingest | undefined;
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  randomId(): string;
};

/** Orders to PCs, with what the pipeline tells of their answers. */
export type Commands = ReturnType<typeof createCommands>;
/** What those who order may do and see. */
export type CommandsView = Pick<Commands, 'issue' | 'list' | 'one'>;

type State = { options: CommandsOptions; open: Map<string, { row: CommandRow; answered: Set<string> }>; counter: number };

const counterKey = 'commands.counter';

/** Guarantee: no command is sent that is not in the ledger, and no two have one counter, also where the ledger was restored. */
export function createCommands(options: CommandsOptions) {
  const state: State = { options, open: new Map(), counter: 0 };
  return {
    /** Resolves when it is committed and on its way. */
    issue: (ordering: Ordering) => issue(state, ordering),
    /** The newest first. */
    async list(): Promise<CommandSummary[]> {
      return (await options.ledger.commands()).map(summaryOf);
    },
    async one(id: string): Promise<CommandView | undefined> {
      const found = await options.ledger.command(id);
      const table = options.ingest()?.table();
      if (found === undefined || table === undefined) return undefined;
      const { row, answers } = found;
      const told = new Set(answers.map(({ pc }) => pc));
      const missing = table.known.map(({ pc }) => pc).filter((pc) => addresses(addressOf(row.to), pc) && !told.has(pc));
      const isOver = row.expires <= options.clock.now();
      return { ...summaryOf(row), state: missing.length === 0 ? 'answered' : isOver ? 'expired' : 'open', answers, missing };
    },
    /** The counter as the ledger holds it. */
    remember({ meta }: Pick<Contents, 'meta'>): void {
      state.counter = Math.max(state.counter, Number(meta[counterKey] ?? 0));
    },
    /** Takes up what the ledger has open, where nothing is ahead of now. */
    async reread(): Promise<void> {
      const open = await options.ledger.openCommands(options.clock.now());
      state.open = new Map(open.map(({ row, answered }) => [row.id, { row: inItsTime(row, options.key), answered: new Set(answered) }]));
    },
    /** Sends what is open once more: in the gap of a clock that is set nobody is sent anything. */
    sendAgain(): void {
      for (const { row, answered } of state.open.values())
        if (!answered.has(row.to)) options.send(pcTopic(addressOf(row.to), 'cmd'), encode('cmd', row.signed), 1);
    },
    /** What a PC said is committed: its answers, or a birth, after which it may have missed what it was told. */
    heard({ pc, event, ops }: Pick<Report, 'pc' | 'event' | 'ops'>): void {
      for (const op of ops) if (op.op === 'command-answer') state.open.get(op.answer.id)?.answered.add(pc);
      if (event.type === 'birth') again(state, pc);
    },
  };
}

async function issue(state: State, { to, verb, args, by }: Ordering): Promise<Issued> {
  const { clock, ingest: present, key, randomId, send } = state.options;
  const ingest = present();
  if (ingest === undefined) throw new Error('the ledger is opened anew');
  if (to !== '' && ingest.table().node(to) === undefined) return { ok: false, missing: true, line: `there is no ${to}` };
  const address = addressOf(to);
  const order = readOrder({ verb, args, to: address });
  if (!order.ok) return { ok: false, missing: false, line: order.reason };
  // The wall clock is the one by which the PCs know ours. It also keeps the counter rising where the ledger is one of yesterday.
  const at = clock.now();
  state.counter = Math.max(state.counter + 1, Math.floor(at));
  const times = { notBefore: at, expires: at + commandLifeMs };
  const text: Command = { id: randomId(), to: address, ...order.value, ...times, counter: state.counter };
  const signed: Signed = sealSigned(text, key);
  const row: CommandRow = { id: text.id, by, to, verb, args: text.args, at, expires: text.expires, signed };
  const committed = await ingest.record([
    { op: 'meta', key: counterKey, value: `${text.counter}` },
    { op: 'command', row },
    // A round of measurements has its own row: each command of it is a step of the queue.
    {
      op: verb === 'measure-link' ? 'step' : 'audit',
      at: ingest.time(),
      who: by,
      what: `command ${verb}`,
      about: `${to || 'everywhere'}: ${row.id}`,
    },
  ]);
  if (!committed) throw new Error('the ledger did not take the command');
  state.open.set(row.id, { row, answered: new Set() });
  send(pcTopic(address, 'cmd'), encode('cmd', signed), 1);
  return { ok: true, id: row.id };
}

/** One that a clock that was ahead had signed is signed for the time that its row has now: no PC would obey it before. */
function inItsTime(row: CommandRow, key: KeyObject): CommandRow {
  const text: Command = JSON.parse(row.signed.signed);
  if (text.notBefore === row.at) return row;
  return { ...row, signed: sealSigned({ ...text, notBefore: row.at, expires: Math.min(row.expires, row.at + commandLifeMs) }, key) };
}

function again({ options, open }: State, pc: string): void {
  const now = options.clock.now();
  for (const [id, { row, answered }] of open) {
    if (row.expires <= now) open.delete(id);
    else if (row.at <= now && !answered.has(pc) && addresses(addressOf(row.to), pc))
      options.send(pcTopic(pc, 'cmd'), encode('cmd', row.signed), 1);
  }
}

function summaryOf({ signed: _, ...summary }: CommandRow): CommandSummary {
  return summary;
}

/** A scope as the topics write it. */
function addressOf(to: string): string {
  if (isPcPath(to)) return to;
  return to === '' ? 'all' : `${to}/all`;
}
