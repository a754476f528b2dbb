/** What a route of the API is: a row that says where it is, who may ask, what it takes and answers, and what it does. OpenAPI is made from the same rows. */
import { describeIssue, groupOfScope, isId } from '@sabha/contracts';
import type { FastifyContextConfig, FastifyError, FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import * as v from 'valibot';
import type { Ledger } from '../../engine/records/ops.ts';
import type { Replay } from '../../node-red/replay/replay.ts';
import type { TabsOrders } from '../../node-red/tabs.ts';
import type { Announcements } from '../../notify/announce/announce.ts';
import type { DeviceBook } from '../../notify/orders/devices.ts';
import type { PeopleOrders } from '../../notify/orders/forget.ts';
import type { RosterOrders } from '../../notify/orders/roster-orders.ts';
import type { CommandsView } from '../../operations/commands/commands.ts';
import type { Accounts } from '../../pki/accounts/accounts.ts';
import { Refused, type RefusedWhy, type ScopedView, type Viewer } from '../../pki/door/door.ts';
import type { Enrolment } from '../../pki/enrolment.ts';
import type { MeetingOrders } from '../../sites/calendar/meeting-orders.ts';
import type { MaintenanceOrders } from '../../sites/maintenance/maintenance.ts';
import { fileLimitBytes } from '../../sites/sheet.ts';
import type { SiteOrders } from '../../sites/site-orders.ts';
import type { EventsReader } from '../../storage/archive/events.ts';
import type { Backups } from '../../storage/backup/backup.ts';
import type { Explain } from '../../view/explained.ts';
import type { PcChoice } from '../../view/live.ts';
import type { Reasons } from '../../view/reasons.ts';
import type { Streams } from '../bytes/streams.ts';
import type { StaticFile } from '../bytes/wall.ts';

/** Spread into the row of such a route. The body may hold the largest file with its quotes and line breaks escaped. */
export const ofFile = {
  refusals: [413, 422],
  alsoAs: 422,
  more: { bodyLimit: 2 * fileLimitBytes, errorHandler: tooLarge('the file is', fileLimitBytes) },
};
/** Largest body of a request, bytes. */
export const bodyLimitBytes = 4096;
/** Who acts, as it stands in the audit. */
export const by = v.pipe(trimmed(80), v.check(isPlain, 'Invalid name: one line without hidden characters'));
/** An order that says all by its address. */
export const order = v.strictObject({ by });
/** Part of the tree down to a site. */
export const scope = textThat(isScope, 'Invalid scope: "" for everywhere, a state, or state/site');
/** The same, or a group of sites. */
export const scopeOrGroup = textThat(
  (text) => isScope(text) || isId(groupOfScope(text) ?? ''),
  'Invalid scope: "" for everywhere, a state, state/site, or group:NAME',
);
/** One site. */
export const sitePath = v.custom<PcChoice>((text) => typeof text === 'string' && isPath(text, 2), 'Invalid site: state/site');
/** The same, or one PC. */
export const siteOrPc = textThat((text) => isPath(text, 2) || isPath(text, 3), 'Invalid place: state/site or state/site/pc');
/** What is done only where somebody says so. */
export const flag = v.optional(v.boolean(), false);
/** The number of an incident in an address. */
export const incidentId = v.pipe(v.string(), v.regex(/^[1-9]\d{0,14}$/, 'Invalid number of an incident'), v.transform(Number));
/** Which incidents: without it all, over or not. */
export const incidentsQuery = v.strictObject({ open: v.optional(v.picklist(['true', 'false'])) });
/** Which PCs are wanted one by one: nothing = none. */
export const pcsQuery = v.strictObject({
  pcs: v.optional(v.union([v.literal('all'), sitePath], 'Invalid choice of PCs: "all" or state/site')),
});

/** What rows work on, by name. */
export type Parts = {
  view: ScopedView;
  proof: Pick<Backups, 'audit' | 'make'>;
  /** What was done. */
  acts: Pick<Ledger, 'acts'>;
  /** What PCs said. */
  events: EventsReader;
  siteOrders: SiteOrders;
  /** `door`: address at which PCs enrol, `https://NAME:PORT`; null if PCs can enrol on this machine only. */
  identity: SiteOrders & Pick<Enrolment, 'makeCode' | 'codes' | 'cancelCodes'> & { door: string | null };
  meetings: MeetingOrders;
  maintenance: MaintenanceOrders;
  roster: RosterOrders;
  people: PeopleOrders;
  /** Null where Web Push is not set. */
  devices: DeviceBook | null;
  announcements: Announcements;
  commands: CommandsView;
  /** `has`: there is such a place; `directory`: the host of the directory that vouches for people, null where none does. */
  accounts: { accounts: Accounts; has(scope: string): boolean; directory: string | null };
  /** Only where people log in. */
  logins: Accounts;
  streams: { streams: Streams; headers: Record<string, string> };
  tabs: TabsOrders;
  explain: Explain;
  replay: Pick<Replay, 'tryFiles'>;
  reasons: Reasons;
  words: StaticFile;
  /** The texts for SMS as a file. */
  smsTexts: { csv: string };
};
/** The parts that are there, and the view as it is cut to a scope; the rows of a part that is not there are not added. */
export type PartsFor = Partial<Omit<Parts, 'view'>> & { view?: (scope: string) => ScopedView };

type Schema = v.GenericSchema;
type Fields = v.StrictObjectSchema<v.ObjectEntries, undefined>;
/** An answer that is no JSON; `file` is the name under which it is kept. */
type Text = { type: string; about: string; file?: string };
type Out<S> = S extends Schema ? v.InferOutput<S> : undefined;
type NamesIn<Address> = Address extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** How the command `sabha` makes a request of this route, and shows the answer. */
export type Command = readonly [
  /** The name of the verb, its words and options. */
  usage: string,
  /** What it does, in Hindi; the summary of the route says it in English. */
  hindi: string,
  shown?: {
    /** What the verb does in English, where that is more than its route does. */
    english?: string;
    /** Columns of the table, such as `pc room heardAt`; else all that fit into a cell. */
    columns?: string;
    /** The column by whose values the rows are counted. */
    count?: string;
    /** What `--json` prints, by names of fields of the request and the answer; else the answer, or without one what the words said. */
    json?: Readonly<Record<string, string>>;
    /** A line below the answer. */
    note?: string;
    /** The field of the body that takes the text of the file which the first word names; the answer is that of an import. */
    file?: string;
    /** False ends the command with 1. */
    ok?(answer: unknown): boolean;
  },
];

type Said<B, Q, A> = {
  /** What is done here, and to which path of the tree. */
  right: FastifyContextConfig;
  query?: Q;
  body?: B;
  answer?: A;
  done?: 201;
  refusals?: readonly number[];
  /** The refusal that has the answer's form. */
  alsoAs?: number;
  more?: Pick<RouteOptions, 'bodyLimit' | 'errorHandler' | 'exposeHeadRoute'>;
};
type Asked<Name extends string, B, Q> = {
  params: Record<Name, string>;
  query: Out<Q>;
  body: Out<B>;
  viewer: Viewer;
  request: FastifyRequest;
  reply: FastifyReply;
};
type Answered<A> = FastifyReply | (A extends Schema ? Readonly<v.InferOutput<A>> : A extends Text ? string : undefined);

/** A row as the server and OpenAPI read it. */
export type Route = {
  method: string;
  path: string;
  summary: string;
  command: Command | undefined;
  said: Said<Schema | undefined, Fields | undefined, Schema | Text | undefined>;
  add(app: FastifyInstance, parts: PartsFor): void;
};

/**
 * Makes a row of a part, with the verb of `sabha` that calls it: its address as OpenAPI writes it and its one sentence, what it takes and answers, what it does.
 * Guarantee: the handler runs only where the door has let the asker in, with a query and a body that their schemas have read.
 */
export function on<K extends keyof Parts>(of: K, command?: Command) {
  return <
    const Address extends string,
    B extends Schema | undefined = undefined,
    Q extends Fields | undefined = undefined,
    A extends Schema | Text | undefined = undefined,
  >(
    [address, summary]: readonly [Address, string],
    said: Said<B, Q, A>,
    handle: (part: Parts[K], asked: Asked<NamesIn<Address>, B, Q>) => Answered<A> | Promise<Answered<A>>,
  ): Route => {
    const [method = '', path = ''] = address.split(' ');
    const { right: config, query, body, more } = said;
    const add: Route['add'] = (app, parts) => {
      const { [of]: part, view } = parts;
      if (part === undefined) return;
      const handler = async (request: FastifyRequest, reply: FastifyReply) => {
        const { viewer } = request;
        // Fastify fills what the address names.
        const params = request.params as Record<NamesIn<Address>, string>;
        const asked = { params, query: given<Q>(query, request.query), body: given<B>(body, request.body), viewer, request, reply };
        return sent(said, reply, await handle((of === 'view' ? view?.(viewer.scope) : part) as Parts[K], asked));
      };
      app.route({ ...more, method, url: path.replace(/\{(\w+)\}/g, ':$1'), config, handler });
    };
    return { method, path, summary, command, said, add };
  };
}

/** Something is made, or there is an answer, or only the word that it is done. */
export function doneStatus({ done, answer }: Route['said']): 200 | 201 | 204 {
  return done ?? (answer === undefined ? 204 : 200);
}

/** What a request says, or a refusal with one line. */
export function read<S extends Schema>(schema: S, input: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (!result.success) throw new Refused(400, describeIssue(result.issues[0]), { code: 'invalid' });
  return result.output;
}

type Order = { ok: true } | { ok: false; line: string; status?: number; missing?: boolean; often?: true };

/** An order that was carried out. Throws the refusal where it was not, with the status `otherwise` where the order names none. */
export function granted<O extends Order>(order: O, otherwise = 409): Extract<O, { ok: true }> {
  if (order.ok) return order as Extract<O, { ok: true }>;
  const { line, status, missing, often } = order;
  throw new Refused(status ?? (missing ? 404 : often ? 429 : otherwise), line);
}

/** What was looked for. Throws 404 with a line where it is not there. */
export function found<T>(value: T | undefined, line: string, why?: RefusedWhy): T {
  if (value === undefined) throw new Refused(404, line, why);
  return value;
}

function given<S extends Schema | undefined>(schema: S | undefined, input: unknown): Out<S> {
  return (schema === undefined ? undefined : read(schema, input)) as Out<S>;
}

/** A handler that has seen to the reply by itself returns it. */
function sent(said: Route['said'], reply: FastifyReply, found: unknown): FastifyReply {
  if (found === reply) return reply;
  const { answer } = said;
  const status = doneStatus(said);
  if (status !== 200) reply.code(status);
  if (answer !== undefined && 'about' in answer) {
    reply.type(`${answer.type}; charset=utf-8`);
    if (!reply.hasHeader('content-disposition')) reply.header('content-disposition', `attachment; filename="${answer.file}"`);
  }
  return reply.send(found);
}

/** The result of an import as the answer. */
export async function checked<T extends { problems: readonly unknown[] }>(reply: FastifyReply, importing: Promise<T>): Promise<T> {
  const result = await importing;
  if (result.problems.length > 0) reply.code(422);
  return result;
}

/** Fastify's own line would name the limit of the body, which is twice that of the file. */
export function tooLarge(what: string, limitBytes: number) {
  return (error: FastifyError): never => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') throw new Refused(413, `${what} larger than ${limitBytes / 1024 / 1024} MiB`);
    throw error;
  };
}

/** An answer that is a table, kept under a name. */
export function csv(file: string) {
  return { type: 'text/csv', about: 'RFC 4180, UTF-8.', file };
}

type Place = { state?: string; site?: string; pc?: string };

/** The path that a request's address names, for the door. */
export function place({ params }: FastifyRequest): string {
  return placePath(params as Place);
}

/** The scope that the body of a request names. What is no scope is refused by the schema later; until then only the whole tree may ask. */
export function scopeOf({ body }: FastifyRequest): string {
  const { scope: asked } = (body ?? {}) as { scope?: unknown };
  return typeof asked === 'string' ? asked : '';
}

/** The path of the parts, '' for none. */
export function placePath({ state, site, pc }: Place): string {
  return [state, site, pc].filter((part) => part !== undefined).join('/');
}

/** A text for which `holds` is true; `line` is the refusal of another one. */
export function textThat(holds: (text: string) => boolean, line: string) {
  return v.pipe(v.string(), v.check(holds, line));
}

/** A text of at most so many characters, without the spaces around it. */
export function trimmed(most: number, line?: string) {
  return v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(most, line));
}

/** True for one line without hidden characters. */
export function isPlain(text: string): boolean {
  return !/\p{Cc}|(?![\u200c\u200d])\p{Cf}/u.test(text);
}

/** True for '' = everywhere, a state, state/site. */
function isScope(text: string): boolean {
  return text === '' || isPath(text, 1) || isPath(text, 2);
}

/** The same, or one PC. */
export function isPlaceOrPc(text: string): boolean {
  return isScope(text) || isPath(text, 3);
}

function isPath(text: string, levels: number): boolean {
  return text.split('/').length === levels && text.split('/').every(isId);
}
