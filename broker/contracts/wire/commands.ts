/** What the centre may ask of a PC: a closed list of verbs with typed arguments, and the text that it signs for each command. */
import * as v from 'valibot';
import { describeIssue } from '../kit/one-line.ts';
import type { Opened } from './signed.ts';
import { isPcPath, type PcPath, parseTopic, pcTopic, type Scope, scopesOf } from './topics.ts';

/** A command is worth nothing afterwards. */
export const commandLifeMs = 600_000;
/** So many lines of its log a PC sends at once. */
const logLinesAtMost = 100;

const nothing = v.strictObject({});
/** A command line has only texts. */
const lineCount = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,4}$/), v.transform(Number))]),
  v.integer(),
  v.minValue(1),
  v.maxValue(logLinesAtMost),
);

/**
 * One row a verb. `pcOnly`: never to a scope. `cutShort`: what it was when the agent ended in the middle of it: `again` = it does no harm
 * twice, so it is done when it is asked for again; `done` = that end was its purpose; `rebooted` = done if the PC has another boot since.
 */
export const verbs = {
  'probe-now': { args: nothing, pcOnly: false, cutShort: 'again' },
  'fast-checks': { args: nothing, pcOnly: false, cutShort: 'again' },
  /** Of a nation it would be more than a ledger should hold. */
  'send-log': { args: v.strictObject({ lines: lineCount }), pcOnly: true, cutShort: 'again' },
  'set-default-device': {
    args: v.strictObject({ kind: v.picklist(['microphone', 'speaker']), name: v.pipe(v.string(), v.minLength(1), v.maxLength(128)) }),
    pcOnly: false,
    cutShort: 'again',
  },
  /** The capacity of the link: `flows` asks the PCs of a scope in turns, a few at a time. */
  'measure-link': { args: nothing, pcOnly: true, cutShort: 'again' },
  'restart-sound': { args: nothing, pcOnly: false, cutShort: 'interrupted' },
  'restart-agent': { args: nothing, pcOnly: false, cutShort: 'done' },
  /** `confirm` is the path of the PC once more. */
  reboot: { args: v.strictObject({ confirm: v.string() }), pcOnly: true, cutShort: 'rebooted' },
} as const satisfies Record<string, { args: v.GenericSchema; pcOnly: boolean; cutShort: 'again' | 'done' | 'rebooted' | 'interrupted' }>;

export type Verb = keyof typeof verbs;
/** Every verb, in the order of the table. */
export const verbNames = Object.keys(verbs) as Verb[];
/** A verb with the arguments that it takes. */
export type Order = { [V in Verb]: { verb: V; args: v.InferOutput<(typeof verbs)[V]['args']> } }[Verb];

/** Why the capacity of a link is not measured now and may be later: `flows` asks again after an answer of these words. */
export const measureLater = {
  meeting: 'a program holds camera or microphone',
  busy: 'the link is in use',
  running: 'it is being measured',
  crowded: 'the reflector has no room now',
  spent: 'the reflector has sent this PC enough for now',
  moved: 'the way to the reflector changed meanwhile',
  budget: 'the data budget for tests is used up',
} as const;

/** What can become of a command at a PC. */
export const outcomes = ['done', 'refused', 'failed', 'interrupted'] as const;
export type Outcome = (typeof outcomes)[number];

const commandId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** The signed text of `cmd`. `counter` rises with every command of the centre; times are the centre's. */
export const command = v.object({
  id: commandId,
  to: v.pipe(v.string(), v.check(isAddress, 'the path of a PC, or a scope that ends in "all"')),
  verb: v.pipe(v.string(), v.maxLength(64)),
  args: v.record(v.string(), v.unknown()),
  notBefore: v.pipe(v.number(), v.finite()),
  expires: v.pipe(v.number(), v.finite()),
  counter: count,
});
export type Command = v.InferOutput<typeof command>;

/** The body of the event `command`, by which a PC answers. `lines` belong to `send-log`. */
export const commandAnswer = v.object({
  id: commandId,
  verb: v.pipe(v.string(), v.maxLength(64)),
  outcome: v.picklist(outcomes),
  reason: v.nullable(v.pipe(v.string(), v.maxLength(256))),
  lines: v.exactOptional(v.pipe(v.array(v.string()), v.maxLength(logLinesAtMost))),
});
export type CommandAnswer = v.InferOutput<typeof commandAnswer>;

/** Reads verb and arguments by the table; both ends do, since neither trusts the other. */
export function readOrder({ verb, args, to }: Pick<Command, 'verb' | 'args' | 'to'>): Opened<Order> {
  if (!Object.hasOwn(verbs, verb)) return { ok: false, reason: 'unknown verb' };
  const row = verbs[verb as Verb];
  const read = v.safeParse(row.args, args);
  if (!read.success) return { ok: false, reason: `bad arguments: ${describeIssue(read.issues[0])}` };
  if (row.pcOnly && !isPcPath(to)) return { ok: false, reason: `${verb} goes to one PC only` };
  if ('confirm' in read.output && read.output.confirm !== to) return { ok: false, reason: 'confirm does not name this PC' };
  return { ok: true, value: { verb, args: read.output } as Order };
}

/** True where a command to `to` is meant for this PC. */
export function addresses(to: PcPath | Scope, pc: PcPath): boolean {
  return to === pc || scopesOf(pc).includes(to);
}

/** Whatever a command topic can be made of. */
function isAddress(to: string): boolean {
  return parseTopic(pcTopic(to, 'cmd')) !== undefined;
}

/** What became of an act at a PC; `later`: the answer is given after the restart that it brings about. */
export type Done = { outcome: 'done'; lines?: string[] } | { outcome: 'later' } | { outcome: 'failed'; reason: string };
