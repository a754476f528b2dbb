/**
 * HTTP routes of the answer page. GET only shows the page, because mail scanners open every link. POST records the answer. A request with
 * a valid link counts as a request of the link's person.
 */
import type { ServerResponse } from 'node:http';
import {
  type Cancel,
  type Clock,
  fillIn,
  type MessageLanguage,
  messageLanguages,
  networkOf,
  oneTapAnswers,
  vocabularyIn,
} from '@sabha/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createSignInLimits } from '../../pki/accounts/accounts.ts';
import { type InlineHashes, type PageHead, sourcesWith } from '../../pki/http-auth/http-auth.ts';
import type { Announcements } from '../announce/announce.ts';
import type { Channels } from '../people/channels/channels.ts';
import { timeOf } from '../people/words.ts';
import type { AnswerResult, Answers } from './alert-replies.ts';
import { askPage, linePage, noticePage, sheetPage } from './page.ts';
import { type AnswerLink, type AnswerLinks, answerLinkPath, noticePath } from './reply-link.ts';

const livePath = `${answerLinkPath}/live`;
/** Limit of the request body in bytes. The form has only one answer and one name. */
const bodyLimitBytes = 2_048;

type AnswerRoutesOptions = { answers: Answers; links: AnswerLinks; clock: Clock; head: PageHead };

/**
 * Returns security headers that forbid frames, other scripts, and forms to other servers. With the referrer policy `same-origin` the
 * browser sends the header `Origin` with the form.
 */
function headersWith({ scripts, styles }: InlineHashes): Record<string, string> {
  return {
    'content-security-policy': `default-src 'none'; script-src ${sourcesWith(scripts)}; style-src ${sourcesWith(styles)}; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
    'referrer-policy': 'same-origin',
    'x-robots-tag': 'noindex',
  };
}

type PageRequest = { request: FastifyRequest; reply: FastifyReply };
type RouteContext = AnswerRoutesOptions & { limits: ReturnType<typeof createSignInLimits>; openLive: ReturnType<typeof createLives> };

/** Adds the routes to a server. Guarantee: a request without a valid link of a current recipient gets one line and nothing else. */
export function addAnswers(app: FastifyInstance, options: AnswerRoutesOptions): void {
  const { answers, clock } = options;
  const stage: RouteContext = { ...options, limits: createSignInLimits(clock.up), openLive: createLives({ answers, clock }) };
  const open = { config: { open: true, form: true } };
  const withGood =
    (then: (stage: RouteContext, asked: PageRequest, link: AnswerLink) => Page) => (request: FastifyRequest, reply: FastifyReply) =>
      withLink(stage, { request, reply }, (link) => then(stage, { request, reply }, link));
  addForms(app, (scope) => {
    scope.get(answerLinkPath, open, withGood(showSheet));
    scope.post(answerLinkPath, open, withGood(recordAction));
    scope.get(livePath, { ...open, exposeHeadRoute: false }, withGood(openEventStream));
  });
}

export function addForms(app: FastifyInstance, add: (scope: FastifyInstance) => void): void {
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    const type = 'application/x-www-form-urlencoded';
    scope.addContentTypeParser(type, { parseAs: 'string', bodyLimit: bodyLimitBytes }, (_request, body, done) =>
      done(null, Object.fromEntries(new URLSearchParams(`${body}`))),
    );
    add(scope);
    done();
  });
}

/** Returns the token after the `?`, without the parameters that some mail programs append after `&`. */
function tokenOf({ raw }: FastifyRequest): string {
  return /\?([^&#]*)/.exec(raw.url ?? '')?.[1] ?? '';
}

type LinkContext = Pick<RouteContext, 'links' | 'limits' | 'head'>;
type Page = FastifyReply | Promise<FastifyReply>;

/** Runs `then` for a valid link. Invalid links are rate limited by network and address; a valid link is never delayed. */
async function withLink(stage: LinkContext, { request, reply }: PageRequest, then: (link: AnswerLink) => Page): Promise<FastifyReply> {
  const { links, limits, head } = stage;
  reply.headers(headersWith(head.inline));
  const read = links.read(tokenOf(request));
  if (read.ok) return then(read);
  const language = browserLanguage(request);
  const { answer } = vocabularyIn(language);
  const network = networkOf(request.ip);
  const waitMs = read.why === 'late' ? 0 : limits.take({ name: `links of ${network}`, address: request.ip });
  if (waitMs === 0) return sendPage(reply, read.why === 'late' ? 410 : 404, linePage({ head, language }, { line: answer[read.why] }));
  const n = Math.ceil(waitMs / 1_000);
  return sendPage(reply.header('retry-after', `${n}`), 429, linePage({ head, language }, { line: fillIn(answer.busy, { n }) }));
}

function showSheet(stage: RouteContext, { request, reply }: PageRequest, link: AnswerLink): FastifyReply {
  const sheet = stage.answers.sheet(link.person, link.incident, link.id);
  if (sheet === undefined) return sendGone(stage, { request, reply }, link);
  const token = tokenOf(request);
  return sendPage(reply, 200, sheetPage(stage.head, sheet, { action: `${answerLinkPath}?${token}`, live: `${livePath}?${token}` }));
}

function openEventStream({ openLive }: RouteContext, { reply }: PageRequest, link: AnswerLink): FastifyReply {
  return openLive(reply, link) ? reply.hijack() : reply.code(503).send();
}

/** Records the answer of a form and redirects to the page. Guarantee: only the four answers and *I am here* have an effect. */
async function recordAction(stage: RouteContext, { request, reply }: PageRequest, link: AnswerLink): Promise<FastifyReply> {
  const { answers, head } = stage;
  const { word = '', holder } = (request.body ?? {}) as { word?: string; holder?: string };
  const page = `${answerLinkPath}?${tokenOf(request)}`;
  const language = answers.languageOf(link.person);
  if (language === undefined) return sendGone(stage, { request, reply }, link);
  if (word === 'here') {
    const isAsked = await answers.checkIn(link.person, link.incident, link.id);
    return isAsked ? reply.redirect(page, 303) : sendRefusal(stage, { request, reply }, { link, why: 'notReached', page });
  }
  const answer = oneTapAnswers.find((one) => one === word);
  if (answer === undefined)
    return sendPage(reply, 400, linePage({ head, language }, { line: vocabularyIn(language).answer.wrong, back: page }));
  const done = await answers.answerByLink(link, answer, holder);
  return done.ok ? reply.redirect(page, 303) : sendRefusal(stage, { request, reply }, { link, why: done.why, page });
}

type AnswerRefusal = { link: AnswerLink; why: Exclude<AnswerResult, { ok: true }>['why'] | 'notReached'; page: string };

function sendRefusal(stage: RouteContext, pageRequest: PageRequest, { link, why, page }: AnswerRefusal): FastifyReply {
  const { head } = stage;
  const sheet = stage.answers.sheet(link.person, link.incident, link.id);
  if (sheet === undefined) return sendGone(stage, pageRequest, link);
  const { language, live } = sheet;
  const { answer } = vocabularyIn(language);
  if (why === 'taken') return sendPage(pageRequest.reply, 409, askPage(head, sheet, page));
  // If the incident has ended meanwhile, the page says so instead of the reason of the refusal.
  const line = live.cure === 'over' ? live.status : answer[why];
  return sendPage(pageRequest.reply, 409, linePage({ head, language }, { line, back: page, sheet }));
}

/** Sends the page for a person who is no longer a recipient, or for an incident that is no longer stored. */
function sendGone({ answers, head }: RouteContext, { request, reply }: PageRequest, { person }: AnswerLink): FastifyReply {
  const own = answers.languageOf(person);
  const language = own ?? browserLanguage(request);
  const { answer } = vocabularyIn(language);
  return sendPage(reply, 410, linePage({ head, language }, { line: own === undefined ? answer.stranger : answer.missing }));
}

function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}

/** Returns the language for a request without a known person: the first language of the browser that Sabha supports. */
function browserLanguage({ headers: { 'accept-language': wanted = '' } }: FastifyRequest): MessageLanguage {
  const asked = wanted.split(',').map((one) => one.trim().slice(0, 2).toLowerCase());
  return messageLanguages.find((one) => one === asked.find((two) => messageLanguages.some((three) => three === two))) ?? 'en';
}

/** Limits of open event streams: for all links, and for one link, so that one client cannot use up all of them. */
const livesAtMost = 256;
const livesOfOneLink = 4;
/** Interval of the heartbeat in an event stream. A page that receives none shows that it may be stale. */
const heartbeatMs = 15_000;
/** Time after which an event stream is closed. A page that is visible connects again. */
const lifeMs = 60 * 60_000;

/** Creates the event streams of open pages. Guarantee: a page receives only its own incident, and leaves no timer or listener. */
function createLives({ answers, clock }: { answers: Answers; clock: Clock }) {
  const open = new Map<ServerResponse, string>();

  return function openLive(reply: FastifyReply, { person, incident, id }: AnswerLink): boolean {
    const key = `${person}.${incident}.${id}`;
    const own = [...open.values()].filter((one) => one === key).length;
    if (open.size >= livesAtMost || own >= livesOfOneLink) return false;
    const response = reply.raw;
    response.writeHead(200, {
      ...reply.getHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    } as Record<string, string>);
    open.set(response, key);
    let told = '';
    const tell = () => {
      const { live, clock: time } = answers.sheet(person, incident, id) ?? {};
      const text = live === undefined ? '' : JSON.stringify(live);
      if (text !== '' && text !== told) response.write(`event: clock\ndata: ${time}\n\ndata: ${text}\n\n`);
      told = text;
    };
    let cancelBeat: Cancel = () => {};
    const beat = () => {
      cancelBeat = clock.after(heartbeatMs, () => {
        const time = answers.sheet(person, incident, id)?.clock;
        // The page shows the age of its content by the clock of the site.
        response.write(time === undefined ? ': here\n\n' : `event: clock\ndata: ${time}\n\n`);
        beat();
      });
    };
    const cancelChange = answers.onChange(incident, tell);
    const cancelLife = clock.after(lifeMs, () => response.end());
    const end = () => {
      for (const cancel of [cancelBeat, cancelChange, cancelLife]) cancel();
      open.delete(response);
    };
    response.on('close', end).on('error', end);
    beat();
    tell();
    return true;
  };
}

/** Options of the announcement page. `timeZone`: zone of the server. */
export type NoticeRoutesOptions = Omit<AnswerRoutesOptions, 'answers'> & {
  announcements: Pick<Announcements, 'show' | 'read'>;
  answers: Pick<Answers, 'languageOf'>;
  timeZone: string;
};

/**
 * Adds the page to a server. Guarantee: a request without a valid link of a recipient of the announcement gets one line and nothing else.
 */
export function addNotices(app: FastifyInstance, options: NoticeRoutesOptions): void {
  const { announcements, answers, links, clock, timeZone, head } = options;
  const stage = { links, limits: createSignInLimits(clock.up), head };
  const open = { config: { open: true, form: true } };
  const notice = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    withLink(stage, { request, reply }, async ({ person, incident: id }) => {
      const language = answers.languageOf(person) ?? browserLanguage(request);
      const { announce } = vocabularyIn(language);
      const found = await announcements.show(id, person);
      if (found === undefined) return sendPage(reply, 410, linePage({ head, language }, { line: announce.gone }));
      if (request.method === 'POST') {
        await announcements.read(id, person);
        return sendPage(reply, 200, linePage({ head, language }, { line: announce.thanks }));
      }
      const { by, text, at } = found;
      const action = `${noticePath}?${tokenOf(request)}`;
      return sendPage(reply, 200, noticePage({ head, language }, { by, text, at: timeOf(at, timeZone, language), action }));
    });
  addForms(app, (scope) => void scope.route({ method: ['GET', 'POST'], url: noticePath, ...open, handler: notice }));
}

/** Base path of provider calls. The channel name follows and, if the provider does not sign its calls, a secret. */
const hookPath = '/hook';
/** Limit of the body of a provider call in bytes. Some providers send a hundred reports in one call. */
const hookLimitBytes = 256 * 1024;

/**
 * Adds the routes to a server. `channels`: receivers of the calls. `clock`: time of the rate limit.
 * Guarantee: unauthenticated calls are rate limited by network and address. An authenticated call is never delayed by them.
 */
export function addHooks(app: FastifyInstance, { channels, clock }: { channels: Channels; clock: Pick<Clock, 'up'> }): void {
  const limits = createSignInLimits(clock.up);

  async function hook(request: FastifyRequest<{ Params: HookParams }>, reply: FastifyReply): Promise<FastifyReply> {
    const { name, token = '' } = request.params;
    const hear = channels.get(name)?.channel.receiveCall;
    const { method, headers, body, raw } = request;
    const query = new URLSearchParams(/\?([^#]*)/.exec(raw.url ?? '')?.[1] ?? '');
    const call = { method, token, query, headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
    const { status, text = '' } = (await hear?.(call)) ?? { status: 401 };
    reply.type('text/plain; charset=utf-8');
    if (status !== 401) return reply.code(status).send(text);
    const waitMs = limits.take({ name: `hooks of ${networkOf(request.ip)}`, address: request.ip });
    if (waitMs > 0) reply.header('retry-after', `${Math.ceil(waitMs / 1_000)}`);
    // The response does not reveal whether the channel exists.
    return reply.code(waitMs > 0 ? 429 : 401).send('');
  }

  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: hookLimitBytes }, (_request, body, parsed) => parsed(null, body));
    const config = { open: true, form: true };
    for (const url of [`${hookPath}/:name`, `${hookPath}/:name/:token`]) {
      scope.route<{ Params: HookParams }>({ method: ['GET', 'POST'], url, exposeHeadRoute: false, config, handler: hook });
    }
    done();
  });
}

type HookParams = { name: string; token?: string };
