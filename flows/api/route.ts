/** What a route of the API is: a row that says where it is, who may ask, what it takes and answers, and what it does. OpenAPI is made from the same rows. */
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import * as v from 'valibot';
import { describeIssue } from '#contracts';
import type { Accounts } from '../accounts/accounts.ts';
import type { CommandDesk } from '../commands/commands.ts';
import type { Viewer } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import type { Enrolment } from '../pki/enrolment.ts';
import type { Office } from '../sites/office.ts';
import type { DeskView } from '../view/view.ts';
import type { StaticFile } from './files.ts';
import type { Streams } from './streams.ts';

/** Codes are made by those who issue certificates, the rest is an order like those of the site table. */
export type IdentityOffice = Pick<Office, 'revoke'> & Pick<Enrolment, 'makeCode' | 'codes' | 'cancelCodes'>;

/** What rows work on, by name. */
type Parts = {
  view: DeskView;
  office: Office;
  identity: IdentityOffice;
  commands: CommandDesk;
  accounts: {
    accounts: Accounts /** There is such a place. */;
    has(scope: string): boolean /** A directory vouches for people. */;
    openid: boolean;
  };
  /** Only where people log in. */
  logins: Accounts;
  streams: { streams: Streams; headers: Record<string, string> };
  words: StaticFile;
};
/** Each part as somebody may see it; the rows of a part that is not there are not added. */
export type PartsFor = { [K in keyof Parts]?: (viewer: Viewer) => Parts[K] };

type Schema = v.GenericSchema;
type Fields = v.StrictObjectSchema<v.ObjectEntries, undefined>;
/** An answer that is no JSON; `file` is the name under which it is kept. */
type Text = { type: string; about: string; file?: string };
type Out<S> = S extends Schema ? v.InferOutput<S> : undefined;
type NamesIn<Address> = Address extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

type Said<B, Q, A> = {
  summary: string;
  /** What is done here, and to which path of the tree. */
  right: FastifyContextConfig;
  query?: Q;
  body?: B;
  answer?: A;
  /** Status of an answer, where it is not 200. */
  done?: 201 | 204;
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
  said: Said<Schema | undefined, Fields | undefined, Schema | Text | undefined>;
  add(app: FastifyInstance, parts: PartsFor): void;
};

/**
 * Makes a row; its address is as OpenAPI writes it, such as `get /api/incidents/{id}`.
 * Guarantee: the handler runs only where the door has let the asker in, with a query and a body that their schemas have read.
 */
export function route<
  const Address extends string,
  K extends keyof Parts,
  B extends Schema | undefined = undefined,
  Q extends Fields | undefined = undefined,
  A extends Schema | Text | undefined = undefined,
>(
  address: Address,
  said: Said<B, Q, A> & { of: K },
  handle: (part: Parts[K], asked: Asked<NamesIn<Address>, B, Q>) => Answered<A> | Promise<Answered<A>>,
): Route {
  const [method = '', path = ''] = address.split(' ');
  const { of, right: config, query, body, answer, done, more } = said;
  const add: Route['add'] = (app, parts) => {
    const partFor: ((viewer: Viewer) => Parts[K]) | undefined = parts[of];
    if (partFor === undefined) return;
    const url = path.replace(/\{(\w+)\}/g, ':$1');
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      const { viewer } = request;
      // Fastify fills what the address names.
      const params = request.params as Record<NamesIn<Address>, string>;
      const asked = { params, query: given<Q>(query, request.query), body: given<B>(body, request.body), viewer, request, reply };
      const found = await handle(partFor(viewer), asked);
      if (done !== undefined) reply.code(done);
      if (answer !== undefined && 'about' in answer && found !== reply) nameFile(reply, answer);
      return found === undefined ? reply.send() : found;
    };
    app.route({ ...more, method, url, config, handler });
  };
  return { method, path, said, add };
}

/** What a request says, or a refusal with one line. */
export function read<S extends Schema>(schema: S, input: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, input);
  if (!result.success) throw new Refused(400, describeIssue(result.issues[0]));
  return result.output;
}

function given<S extends Schema | undefined>(schema: S | undefined, input: unknown): Out<S> {
  return (schema === undefined ? undefined : read(schema, input)) as Out<S>;
}

function nameFile(reply: FastifyReply, { type, file }: Text): void {
  reply.type(`${type}; charset=utf-8`).header('content-disposition', `attachment; filename="${file}"`);
}
