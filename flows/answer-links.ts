/** The links in messages: by them people answer without a login, and reach the wall. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { answerLinkPath, createAnswerLinks, loadAnswerLinkKey, noticePath } from './notify/answers/answer-link.ts';
import type { OutboxOptions } from './notify/people/outbox.ts';
import { usableUrl } from './notify/people/sms/templates.ts';
import { longestLink, wallAddress } from './notify/people/words.ts';
import type { Runtime } from './runtime.ts';
import type { Base, CentreSettings } from './settings.ts';

/** Those that answer an incident, and those that say that a notice was read. */
export type AllAnswerLinks = ReturnType<typeof openAnswerLinks>;

/** The key outlives a start, as the links do. */
export function openAnswerLinks({ dataDir }: Pick<Base, 'dataDir'>, runtime: () => Pick<Runtime, 'now' | 'ingest'>) {
  const now = () => runtime().now();
  const toldOf = (incident: number) => (runtime().ingest()?.memory.incidents.get(incident)?.told ?? []).map(({ person }) => person);
  const key = loadAnswerLinkKey(join(dataDir, 'answer.key'), randomBytes);
  return { answers: createAnswerLinks({ key, now, toldOf }), notices: createAnswerLinks({ key, now, about: 'notice' }) };
}

/** What messages lead to, where the centre has a name that a phone can open. */
export function linking(
  https: CentreSettings['https'],
  { answers, notices }: AllAnswerLinks,
): Pick<OutboxOptions, 'wall' | 'answerLink' | 'shortLink' | 'readLink'> {
  const wall = wallAddress(https);
  if (wall === undefined) return {};
  // An operator knows each text for SMS with a link or without one, as it was exported.
  const isInTexts = usableUrl(longestLink(wall)) !== undefined;
  return {
    wall,
    answerLink: (person, incident) => `${wall}${answerLinkPath}?${answers.token(person, incident)}`,
    shortLink: (person, incident) => (isInTexts ? `${wall}/?${answers.shortToken(person, incident)}` : undefined),
    readLink: (person, notice) => `${wall}${noticePath}?${notices.token(person, notice)}`,
  };
}
