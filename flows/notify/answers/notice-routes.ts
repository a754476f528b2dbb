/** The page of a notice to many: GET only shows, since scanners of mail open every link; the button says that it is read. */

import { type Clock, wordsIn } from '@sabha/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createLimits } from '../../pki/accounts/limits.ts';
import type { Head } from '../../pki/door/guard.ts';
import type { Announcements } from '../announce/announce.ts';
import { timeOf } from '../people/words.ts';
import { type AnswerLinks, noticePath } from './answer-link.ts';
import type { Answers } from './answers.ts';
import { linePage, noticePage } from './page.ts';
import { addForms, browserLanguage, said, tokenOf, withLink } from './routes.ts';

/** What the page shows and notes. `timeZone`: the clock of the centre. */
export type NoticeRoutesOptions = {
  announcements: Pick<Announcements, 'show' | 'read'>;
  answers: Pick<Answers, 'languageOf'>;
  links: AnswerLinks;
  clock: Clock;
  timeZone: string;
  head: Head;
};

/** Adds the page to a door. Guarantee: without a link that is good, of a person who was sent the notice, one line is shown and nothing else. */
export function addNotices(app: FastifyInstance, options: NoticeRoutesOptions): void {
  const { announcements, answers, links, clock, timeZone, head } = options;
  const stage = { links, limits: createLimits(clock.up), head };
  const open = { config: { open: true, form: true } };
  const notice = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
    withLink(stage, { request, reply }, async ({ person, incident: id }) => {
      const language = answers.languageOf(person) ?? browserLanguage(request);
      const { announce } = wordsIn(language);
      const found = await announcements.show(id, person);
      if (found === undefined) return said(reply, 410, linePage({ head, language }, { line: announce.gone }));
      if (request.method === 'POST') {
        await announcements.read(id, person);
        return said(reply, 200, linePage({ head, language }, { line: announce.thanks }));
      }
      const { by, text, at } = found;
      const action = `${noticePath}?${tokenOf(request)}`;
      return said(reply, 200, noticePage({ head, language }, { by, text, at: timeOf(at, timeZone, language), action }));
    });
  addForms(app, (scope) => {
    scope.get(noticePath, open, notice);
    scope.post(noticePath, open, notice);
  });
}
