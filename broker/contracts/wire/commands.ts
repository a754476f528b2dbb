/** Commands of the server to a PC: a closed list of verbs with typed arguments, and the signed text of a command. */
import * as v from 'valibot';
import { issueText } from '../kit/one-line.ts';
import type { Opened } from './signed.ts';
import { isPcPath, type PcPath, parseTopic, pcTopic, type Scope, scopesOf } from './topics.ts';

/** Lifetime of a command in milliseconds. A PC refuses an older command. */
export const commandLifeMs = 600_000;
const logLinesAtMost = 100;

const nothing = v.strictObject({});
/** A number of lines. A command line passes only strings, so text is accepted too. */
const lineCount = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,4}$/), v.transform(Number))]),
  v.integer(),
  v.minValue(1),
  v.maxValue(logLinesAtMost),
);

/**
 * One row for each verb. `pcOnly`: not allowed for a scope. `cutShort`: result if the agent ended during the command. `again`: the command
 * is idempotent and repeated on the next request. `done`: the end of the agent was its purpose. `rebooted`: done if the PC has had another
 * boot since.
 */
export const verbs = {
  'probe-now': { args: nothing, pcOnly: false, cutShort: 'again' },
  'fast-checks': { args: nothing, pcOnly: false, cutShort: 'again' },
  /** Only for one PC, because the logs of a nation would not fit in the ledger. */
  'send-log': { args: v.strictObject({ lines: lineCount }), pcOnly: true, cutShort: 'again' },
  'set-default-device': {
    args: v.strictObject({ kind: v.picklist(['microphone', 'speaker']), name: v.pipe(v.string(), v.minLength(1), v.maxLength(128)) }),
    pcOnly: false,
    cutShort: 'again',
  },
  /** Measures the capacity of the link. `flows` schedules the PCs of a scope, a few at a time. */
  'measure-link': { args: nothing, pcOnly: true, cutShort: 'again' },
  'restart-sound': { args: nothing, pcOnly: false, cutShort: 'interrupted' },
  'restart-agent': { args: nothing, pcOnly: false, cutShort: 'done' },
  /** `confirm`: the path of the PC again. */
  reboot: { args: v.strictObject({ confirm: v.string() }), pcOnly: true, cutShort: 'rebooted' },
} as const satisfies Record<string, { args: v.GenericSchema; pcOnly: boolean; cutShort: 'again' | 'done' | 'rebooted' | 'interrupted' }>;

export type Verb = keyof typeof verbs;
export const verbNames = Object.keys(verbs) as Verb[];
export type Order = { [V in Verb]: { verb: V; args: v.InferOutput<(typeof verbs)[V]['args']> } }[Verb];

/** Reasons why a capacity measurement is refused for now. `flows` retries after one of these. */
export const measureRefusals = {
  meeting: 'a program holds camera or microphone',
  busy: 'the link is in use',
  running: 'it is being measured',
  crowded: 'the reflector has no room now',
  spent: 'the reflector has sent this PC enough for now',
  moved: 'the way to the reflector changed meanwhile',
  budget: 'the data budget for tests is used up',
} as const;

export const outcomes = ['done', 'refused', 'failed', 'interrupted'] as const;
export type Outcome = (typeof outcomes)[number];

const commandId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** The signed text of `cmd`. `counter` increases with every command of the server. Times are server time. */
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

/** Body of the event `command`, the response of a PC. `lines` belongs to `send-log`. */
export const commandAnswer = v.object({
  id: commandId,
  verb: v.pipe(v.string(), v.maxLength(64)),
  outcome: v.picklist(outcomes),
  reason: v.nullable(v.pipe(v.string(), v.maxLength(256))),
  lines: v.exactOptional(v.pipe(v.array(v.string()), v.maxLength(logLinesAtMost))),
});
export type CommandAnswer = v.InferOutput<typeof commandAnswer>;

/** Validates verb and arguments by the table. Server and PC both call it, because neither trusts the other. */
export function parseOrder({ verb, args, to }: Pick<Command, 'verb' | 'args' | 'to'>): Opened<Order> {
  if (!Object.hasOwn(verbs, verb)) return { ok: false, reason: 'unknown verb' };
  const row = verbs[verb as Verb];
  const read = v.safeParse(row.args, args);
  if (!read.success) return { ok: false, reason: `bad arguments: ${issueText(read.issues[0])}` };
  if (row.pcOnly && !isPcPath(to)) return { ok: false, reason: `${verb} goes to one PC only` };
  if ('confirm' in read.output && read.output.confirm !== to) return { ok: false, reason: 'confirm does not name this PC' };
  return { ok: true, value: { verb, args: read.output } as Order };
}

/** Returns true if a command to `to` concerns this PC. */
export function isAddressedTo(to: PcPath | Scope, pc: PcPath): boolean {
  return to === pc || scopesOf(pc).includes(to);
}

/** Returns true for any address from which a command topic can be built. */
function isAddress(to: string): boolean {
  return parseTopic(pcTopic(to, 'cmd')) !== undefined;
}

/** Result of an action at a PC. `later`: the response follows after the restart that the action causes. */
export type CommandResult = { outcome: 'done'; lines?: string[] } | { outcome: 'later' } | { outcome: 'failed'; reason: string };
