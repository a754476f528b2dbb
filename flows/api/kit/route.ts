/** The row type of an API route: address, permission, schemas and handler. The OpenAPI document is generated from the same rows. */
import { groupOfScope, isId, issueText } from '@sabha/contracts';
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
import type { Enrolment } from '../../pki/enrolment.ts';
import { type RefusalDetail, RequestError, type ScopedView, type Viewer } from '../../pki/http-auth/http-auth.ts';
import type { MeetingOrders } from '../../sites/calendar/meeting-orders.ts';
import type { MaintenanceOrders } from '../../sites/maintenance/maintenance.ts';
import { fileLimitBytes } from '../../sites/sheet.ts';
import type { SiteOperations } from '../../sites/site-orders.ts';
import type { EventsReader } from '../../storage/archive/events.ts';
import type { Backups } from '../../storage/backup/backup.ts';
import type { Explain } from '../../view/explained.ts';
import type { PcChoice } from '../../view/live.ts';
import type { Reasons } from '../../view/reasons.ts';
import type { Streams } from '../bytes/streams.ts';
import type { StaticFile } from '../bytes/wall.ts';

/** Part of each import route. The body limit leaves room for the escapes of JSON around the largest file. */
export const importLimits = {
  refusals: [413, 422],
  alsoAs: 422,
  more: { bodyLimit: 2 * fileLimitBytes, errorHandler: tooLarge('the file is', fileLimitBytes) },
};
export const bodyLimitBytes = 4096;
/** The name of the person or program that acts, as in the audit log. */
export const by = v.pipe(trimmed(80), v.check(isPlain, 'Invalid name: one line without hidden characters'));
/** Body of an action that needs nothing but its address. */
export const order = v.strictObject({ by });
/** A part of the tree: the whole, a state or a site. */
export const scope = textMatching(isScope, 'Invalid scope: "" for everywhere, a state, or state/site');
/** A part of the tree, or a group of sites. */
export const scopeOrGroup = textMatching(
  (text) => isScope(text) || isId(groupOfScope(text) ?? ''),
  'Invalid scope: "" for everywhere, a state, state/site, or group:NAME',
);
export const sitePath = v.custom<PcChoice>((text) => typeof text === 'string' && isPath(text, 2), 'Invalid site: state/site');
export const siteOrPc = textMatching((text) => isPath(text, 2) || isPath(text, 3), 'Invalid place: state/site or state/site/pc');
/** An option that is off unless the request sets it. */
export const flag = v.optional(v.boolean(), false);
export const incidentId = v.pipe(v.string(), v.regex(/^[1-9]\d{0,14}$/, 'Invalid number of an incident'), v.transform(Number));
/** Filter of incidents; absent = all, open or over. */
export const incidentsQuery = v.strictObject({ open: v.optional(v.picklist(['true', 'false'])) });
/** Choice of PCs that a snapshot lists one by one; absent = none. */
export const pcsQuery = v.strictObject({
  pcs: v.optional(v.union([v.literal('all'), sitePath], 'Invalid choice of PCs: "all" or state/site')),
});

export type ApiParts = {
  view: ScopedView;
  proof: Pick<Backups, 'audit' | 'make'>;
  acts: Pick<Ledger, 'acts'>;
  events: EventsReader;
  siteOrders: SiteOperations;
  /** `door`: the address at which PCs enrol, `https://NAME:PORT`; null if PCs can enrol on this machine only. */
  identity: SiteOperations & Pick<Enrolment, 'makeCode' | 'codes' | 'cancelCodes'> & { door: string | null };
  meetings: MeetingOrders;
  maintenance: MaintenanceOrders;
  roster: RosterOrders;
  people: PeopleOrders;
  /** Null if Web Push is not configured. */
  devices: DeviceBook | null;
  announcements: Announcements;
  commands: CommandsView;
  /** `has` says whether a scope exists. `directory` is the host of the identity provider; null without one. */
  accounts: { accounts: Accounts; has(scope: string): boolean; directory: string | null };
  /** Absent without HTTPS. */
  logins: Accounts;
  streams: { streams: Streams; headers: Record<string, string> };
  tabs: TabsOrders;
  explain: Explain;
  replay: Pick<Replay, 'tryFiles'>;
  reasons: Reasons;
  words: StaticFile;
  /** The texts to register with an SMS operator, as CSV. */
  smsTexts: { csv: string };
};
/** The parts of this process, with a view that is limited to a scope. The routes of an absent part are not added. */
export type ScopedApiParts = Partial<Omit<ApiParts, 'view'>> & { view?: (scope: string) => ScopedView };

type Schema = v.GenericSchema;
type FieldsSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;
/** A response that is not JSON. `file` is its download name. */
type TextResponse = { type: string; about: string; file?: string };
type OutputOf<S> = S extends Schema ? v.InferOutput<S> : undefined;
type NamesIn<Address> = Address extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

export type VerbSpec = readonly [
  usage: string,
  /** The description in Hindi. The summary of the route is the English one. */
  hindi: string,
  shown?: {
    /** The English description, if the verb does more than its route. */
    english?: string;
    /** Columns of the table, such as `pc room heardAt`; by default every field that fits a cell. */
    columns?: string;
    count?: string;
    /** Output of `--json`: names and the fields of request and response; by default the response, or without one the arguments. */
    json?: Readonly<Record<string, string>>;
    note?: string;
    /** The body field for the text of the file named by the first argument. The response is that of an import. */
    file?: string;
    /** Returns false for exit code 1. */
    ok?(answer: unknown): boolean;
  },
];

type RouteDefinition<B, Q, A> = {
  right: FastifyContextConfig;
  query?: Q;
  body?: B;
  answer?: A;
  done?: 201;
  refusals?: readonly number[];
  /** The refusal status whose body has the same form as a successful response. */
  alsoAs?: number;
  more?: Pick<RouteOptions, 'bodyLimit' | 'errorHandler' | 'exposeHeadRoute'>;
};
type RouteRequest<Name extends string, B, Q> = {
  params: Record<Name, string>;
  query: OutputOf<Q>;
  body: OutputOf<B>;
  viewer: Viewer;
  request: FastifyRequest;
  reply: FastifyReply;
};
type RouteResult<A> = FastifyReply | (A extends Schema ? Readonly<v.InferOutput<A>> : A extends TextResponse ? string : undefined);

/** A route as the server and the OpenAPI generator read it. */
export type Route = {
  method: string;
  path: string;
  summary: string;
  command: VerbSpec | undefined;
  definition: RouteDefinition<Schema | undefined, FieldsSchema | undefined, Schema | TextResponse | undefined>;
  add(app: FastifyInstance, parts: ScopedApiParts): void;
};

/**
 * Returns a function that makes a route on one part, from its address, summary, schemas and handler. `command` is its verb of `sabha`.
 * Guarantee: the handler runs only after authorisation, with a query and a body that their schemas have parsed.
 */
export function defineRoute<K extends keyof ApiParts>(of: K, command?: VerbSpec) {
  return <
    const Address extends string,
    B extends Schema | undefined = undefined,
    Q extends FieldsSchema | undefined = undefined,
    A extends Schema | TextResponse | undefined = undefined,
  >(
    [address, summary]: readonly [Address, string],
    said: RouteDefinition<B, Q, A>,
    handle: (part: ApiParts[K], asked: RouteRequest<NamesIn<Address>, B, Q>) => RouteResult<A> | Promise<RouteResult<A>>,
  ): Route => {
    const [method = '', path = ''] = address.split(' ');
    const { right: config, query, body, more } = said;
    const add: Route['add'] = (app, parts) => {
      const { [of]: part, view } = parts;
      if (part === undefined) return;
      const handler = async (request: FastifyRequest, reply: FastifyReply) => {
        const { viewer } = request;
        // Fastify fills in the placeholders of the address.
        const params = request.params as Record<NamesIn<Address>, string>;
        const asked = {
          params,
          query: parseInput<Q>(query, request.query),
          body: parseInput<B>(body, request.body),
          viewer,
          request,
          reply,
        };
        return sendResult(said, reply, await handle((of === 'view' ? view?.(viewer.scope) : part) as ApiParts[K], asked));
      };
      app.route({ ...more, method, url: path.replace(/\{(\w+)\}/g, ':$1'), config, handler });
    };
    return { method, path, summary, command, definition: said, add };
  };
}

/** Returns 201 if something is created, 200 with a response body, and 204 without one. */
export function successStatus({ done, answer }: Route['definition']): 200 | 201 | 204 {
  return done ?? (answer === undefined ? 204 : 200);
}

/** Parses the input. Throws `RequestError` 400 with one line if the schema rejects it. */
export function readInput<S extends Schema>(schema: S, input: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (!result.success) throw new RequestError(400, issueText(result.issues[0]), { code: 'invalid' });
  return result.output;
}

type OrderOutcome = { ok: true } | { ok: false; line: string; status?: number; missing?: boolean; often?: true };

/** Returns a successful result. Throws `RequestError` for a failed result, with the status `otherwise` unless the result names a status. */
export function orRefuse<O extends OrderOutcome>(order: O, otherwise = 409): Extract<O, { ok: true }> {
  if (order.ok) return order as Extract<O, { ok: true }>;
  const { line, status, missing, often } = order;
  throw new RequestError(status ?? (missing ? 404 : often ? 429 : otherwise), line);
}

/** Returns the value. Throws `RequestError` 404 with `line` if it is undefined. */
export function orNotFound<T>(value: T | undefined, line: string, why?: RefusalDetail): T {
  if (value === undefined) throw new RequestError(404, line, why);
  return value;
}

function parseInput<S extends Schema | undefined>(schema: S | undefined, input: unknown): OutputOf<S> {
  return (schema === undefined ? undefined : readInput(schema, input)) as OutputOf<S>;
}

/** Sends the result. A handler that has sent the reply itself returns the reply. */
function sendResult(said: Route['definition'], reply: FastifyReply, found: unknown): FastifyReply {
  if (found === reply) return reply;
  const { answer } = said;
  const status = successStatus(said);
  if (status !== 200) reply.code(status);
  if (answer !== undefined && 'about' in answer) {
    reply.type(`${answer.type}; charset=utf-8`);
    if (!reply.hasHeader('content-disposition')) reply.header('content-disposition', `attachment; filename="${answer.file}"`);
  }
  return reply.send(found);
}

/** Returns the result of an import, with status 422 if the file has problems. */
export async function withImportStatus<T extends { problems: readonly unknown[] }>(reply: FastifyReply, importing: Promise<T>): Promise<T> {
  const result = await importing;
  if (result.problems.length > 0) reply.code(422);
  return result;
}

/**
 * Returns an error handler that names the limit of the file. Fastify's own message would name the limit of the body, which is twice that.
 */
export function tooLarge(what: string, limitBytes: number) {
  return (error: FastifyError): never => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') throw new RequestError(413, `${what} larger than ${limitBytes / 1024 / 1024} MiB`);
    throw error;
  };
}

export function csv(file: string) {
  return { type: 'text/csv', about: 'RFC 4180, UTF-8.', file };
}

type PathParams = { state?: string; site?: string; pc?: string };

/** Returns the path that the address of a request names, for authorisation. */
export function placeOfParams({ params }: FastifyRequest): string {
  return placePath(params as PathParams);
}

/** Returns the scope in the body of a request. An invalid scope counts as the whole tree until the schema rejects it. */
export function scopeOf({ body }: FastifyRequest): string {
  const { scope: asked } = (body ?? {}) as { scope?: unknown };
  return typeof asked === 'string' ? asked : '';
}

/** Joins the given parts to a path; '' without any. */
export function placePath({ state, site, pc }: PathParams): string {
  return [state, site, pc].filter((part) => part !== undefined).join('/');
}

/** Schema of a text for which `holds` is true. `line` is the error message. */
export function textMatching(holds: (text: string) => boolean, line: string) {
  return v.pipe(v.string(), v.check(holds, line));
}

/** Schema of a text without surrounding spaces, of 1 to `most` characters. */
export function trimmed(most: number, line?: string) {
  return v.pipe(v.string(), v.trim(), v.minLength(1, line), v.maxLength(most, line));
}

/** Returns true for one line without control or format characters. Zero-width joiners are allowed, because Indian scripts need them. */
export function isPlain(text: string): boolean {
  return !/\p{Cc}|(?![\u200c\u200d])\p{Cf}/u.test(text);
}

function isScope(text: string): boolean {
  return text === '' || isPath(text, 1) || isPath(text, 2);
}

export function isPlaceOrPc(text: string): boolean {
  return isScope(text) || isPath(text, 3);
}

function isPath(text: string, levels: number): boolean {
  return text.split('/').length === levels && text.split('/').every(isId);
}
