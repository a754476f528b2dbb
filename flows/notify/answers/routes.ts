/** The door of an answer: a page that GET only shows, since scanners of mail open every link, and that POST acts by. Whoever has the link is believed to be its person. */

import { answerWords, type Clock, filled, type MessageLanguage, messageLanguages, networkOf, wordsIn } from '@sabha/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createLimits } from '../../pki/accounts/limits.ts';
import { type Head, type Inline, ownAnd } from '../../pki/door/guard.ts';
import { type AnswerLink, type AnswerLinks, answerLinkPath } from './answer-link.ts';
import type { Answered, Answers } from './answers.ts';
import { createLives } from './lives.ts';
import { askPage, linePage, sheetPage } from './page.ts';

const livePath = `${answerLinkPath}/live`;
/** A word and a name. */
const bodyLimitBytes = 2_048;

/** What the routes answer with. */
export type AnswerRoutesOptions = { answers: Answers; links: AnswerLinks; clock: Clock; head: Head };

/** No frame, no script but ours; its form goes back here, which the browser says by `Origin` only where it may say so. */
function headersWith({ scripts, styles }: Inline): Record<string, string> {
  return {
    'content-security-policy': `default-src 'none'; script-src ${ownAnd(scripts)}; style-src ${ownAnd(styles)}; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'`,
    'referrer-policy': 'same-origin',
    'x-robots-tag': 'noindex',
  };
}

type Asked = { request: FastifyRequest; reply: FastifyReply };
type Stage = AnswerRoutesOptions & { limits: ReturnType<typeof createLimits>; lives: ReturnType<typeof createLives> };

/** Adds the routes to a door. Guarantee: a request without a link that is good, of a person who is told, is shown one line and nothing else. */
export function addAnswers(app: FastifyInstance, options: AnswerRoutesOptions): void {
  const { answers, clock } = options;
  const stage: Stage = { ...options, limits: createLimits(clock.up), lives: createLives({ answers, clock }) };
  const open = { config: { open: true, form: true } };
  const withGood = (then: (stage: Stage, asked: Asked, link: AnswerLink) => Page) => (request: FastifyRequest, reply: FastifyReply) =>
    withLink(stage, { request, reply }, (link) => then(stage, { request, reply }, link));
  addForms(app, (scope) => {
    scope.get(answerLinkPath, open, withGood(shown));
    scope.post(answerLinkPath, open, withGood(acted));
    scope.get(livePath, { ...open, exposeHeadRoute: false }, withGood(followed));
  });
}

/** Adds routes whose bodies are those of a form of ours. */
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

/** What stands behind the `?`; what a mail program hangs on behind `&` is none of it. */
export function tokenOf({ raw }: FastifyRequest): string {
  return /\?([^&#]*)/.exec(raw.url ?? '')?.[1] ?? '';
}

type Page = FastifyReply | Promise<FastifyReply>;

/** Only who shows wrong ones waits, and with them their network: a link that is good is never held up by strangers. */
export async function withLink(
  { links, limits, head }: Pick<Stage, 'links' | 'limits' | 'head'>,
  { request, reply }: Asked,
  then: (link: AnswerLink) => Page,
): Promise<FastifyReply> {
  reply.headers(headersWith(head.inline));
  const read = links.read(tokenOf(request));
  if (read.ok) return then(read);
  const language = browserLanguage(request);
  const { answer } = wordsIn(language);
  const network = networkOf(request.ip);
  const waitMs = read.why === 'late' ? 0 : limits.take({ name: `links of ${network}`, address: request.ip });
  if (waitMs === 0) return said(reply, read.why === 'late' ? 410 : 404, linePage({ head, language }, { line: answer[read.why] }));
  const n = Math.ceil(waitMs / 1_000);
  return said(reply.header('retry-after', `${n}`), 429, linePage({ head, language }, { line: filled(answer.busy, { n }) }));
}

function shown(stage: Stage, { request, reply }: Asked, link: AnswerLink): FastifyReply {
  const sheet = stage.answers.sheet(link.person, link.incident, link.id);
  if (sheet === undefined) return gone(stage, { request, reply }, link);
  const token = tokenOf(request);
  return said(reply, 200, sheetPage(stage.head, sheet, { action: `${answerLinkPath}?${token}`, live: `${livePath}?${token}` }));
}

function followed({ lives }: Stage, { reply }: Asked, link: AnswerLink): FastifyReply {
  return lives.open(reply, link) ? reply.hijack() : reply.code(503).send();
}

/** Guarantee: only a word of the four, or *I am here*, does anything; the page is then asked for anew, so that a reload says nothing twice. */
async function acted(stage: Stage, { request, reply }: Asked, link: AnswerLink): Promise<FastifyReply> {
  const { answers, head } = stage;
  const { word = '', holder } = (request.body ?? {}) as { word?: string; holder?: string };
  const page = `${answerLinkPath}?${tokenOf(request)}`;
  const language = answers.languageOf(link.person);
  if (language === undefined) return gone(stage, { request, reply }, link);
  if (word === 'here') {
    const isAsked = await answers.here(link.person, link.incident, link.id);
    return isAsked ? reply.redirect(page, 303) : refused(stage, { request, reply }, { link, why: 'notReached', page });
  }
  const answer = answerWords.find((one) => one === word);
  if (answer === undefined) return said(reply, 400, linePage({ head, language }, { line: wordsIn(language).answer.wrong, back: page }));
  const done = await answers.byLink(link, answer, holder);
  return done.ok ? reply.redirect(page, 303) : refused(stage, { request, reply }, { link, why: done.why, page });
}

type Refusal = { link: AnswerLink; why: Exclude<Answered, { ok: true }>['why'] | 'notReached'; page: string };

function refused(stage: Stage, asked: Asked, { link, why, page }: Refusal): FastifyReply {
  const { head } = stage;
  const sheet = stage.answers.sheet(link.person, link.incident, link.id);
  if (sheet === undefined) return gone(stage, asked, link);
  const { language, live } = sheet;
  const { answer } = wordsIn(language);
  if (why === 'taken') return said(asked.reply, 409, askPage(head, sheet, page));
  // Whatever was wanted of what is over: that it is over says more.
  const line = live.cure === 'over' ? live.status : answer[why];
  return said(asked.reply, 409, linePage({ head, language }, { line, back: page, sheet }));
}

/** The person is not told any more, or the incident is forgotten. */
function gone({ answers, head }: Stage, { request, reply }: Asked, { person }: AnswerLink): FastifyReply {
  const own = answers.languageOf(person);
  const language = own ?? browserLanguage(request);
  const { answer } = wordsIn(language);
  return said(reply, 410, linePage({ head, language }, { line: own === undefined ? answer.stranger : answer.missing }));
}

/** Sends a page. */
export function said(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}

/** Of somebody whom no link names: what the browser asks for first. */
export function browserLanguage({ headers: { 'accept-language': wanted = '' } }: FastifyRequest): MessageLanguage {
  const asked = wanted.split(',').map((one) => one.trim().slice(0, 2).toLowerCase());
  return messageLanguages.find((one) => one === asked.find((two) => messageLanguages.some((three) => three === two))) ?? 'en';
}
