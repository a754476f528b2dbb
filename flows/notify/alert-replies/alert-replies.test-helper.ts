/** Creates the answers module with a real engine and one room whose microphone is missing. */
import type { CommandView, Person, StreamFrame } from '@sabha/contracts';
import { scriptedView } from '../../api/scripted-view.test-helper.ts';
import { fault, ok, online, pc } from '../../engine/incidents/stage.test-helper.ts';
import { createSiteTable } from '../../sites/table.ts';
import { testClock } from '../people/people.test-helper.ts';
import { createRoster } from '../people/roster.ts';
import { type AnswersOptions, createAnswers } from './alert-replies.ts';
import { createAnswerLinks } from './reply-link.ts';

export { pc };

const person = { role: 'technician', scope: '', webhook: false, addresses: {} } as const;
const people: Person[] = [
  { ...person, id: 'asha', name: 'Asha', language: 'hi' },
  { ...person, id: 'bina', name: 'Bina', language: 'en' },
  { ...person, id: 'asha-2', name: 'Asha', language: 'en' },
];

export function answersRig(persons: readonly Person[] = people) {
  const stage = online({ at: Date.UTC(2026, 2, 3, 8, 30) });
  stage.state([fault('microphone.missing'), ok('camera')]);
  const audit: unknown[] = [];
  const ordered: unknown[] = [];
  let reaches = true;
  let reply: CommandView['answers'] = [];
  const clock = testClock();
  const listeners = new Set<(frame: StreamFrame) => void>();
  const incident = stage.incident()?.id ?? 0;
  const changed = () => {
    for (const listener of listeners) listener({ at: stage.now(), subscribed: true, incidents: scripted(incident) });
  };
  const ingest = {
    memory: stage.engine.memory,
    time: stage.now,
    place: () => ({
      site: { en: 'Leh <office>', hi: 'लेह' },
      room: { en: 'Room', hi: 'कमरा' },
      timeZone: 'Asia/Kolkata',
      phone: '01982 252010',
    }),
    table: () => createSiteTable([]),
    async tell(event: Parameters<typeof stage.apply>[0], said?: unknown) {
      stage.apply(event);
      if (said !== undefined) audit.push(said);
      changed();
      return true;
    },
  };
  const view: AnswersOptions['view'] = {
    now: stage.now,
    onChange: (_choice, listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    commands: {
      async issue(order) {
        ordered.push(order);
        return reaches ? { ok: true, id: 'c1' } : { ok: false, missing: true, line: 'there is no such site' };
      },
      list: async () => [],
      one: async (id) => ({ ...command, id, state: 'open', answers: reply, missing: [] }),
    },
  };
  const roster = createRoster(persons);
  const answers = createAnswers({ ingest: () => ingest, roster, view, clock });
  let late = 0;
  const links = createAnswerLinks({ key: Buffer.alloc(32, 3), now: () => stage.now() + late });
  const wait = (ms: number) => {
    late += ms;
  };
  /** Makes the room report that all its checks are ok. */
  const mend = () => {
    stage.state([ok('microphone'), ok('camera')]);
    changed();
  };
  const pass = (ms: number) => {
    stage.live(ms);
    changed();
  };
  /** Sets whether PCs can be reached by a command. */
  const reach = (can: boolean) => {
    reaches = can;
  };
  const says = (outcome: 'done' | 'refused') => {
    reply = [{ pc, at: stage.now(), outcome, reason: null }];
  };
  /** Makes the last will of the PC arrive. */
  const lose = () => {
    stage.lost();
    changed();
  };
  return { says, lose, clock, reach, stage, incident, audit, ordered, listeners, answers, links, mend, pass, wait };
}

const command = { by: '', to: '', verb: 'fast-checks', args: {}, at: 0, expires: 0 };

function scripted(id: number): NonNullable<StreamFrame['incidents']> {
  const [row] = scriptedView().incidents();
  const base = { scope: pc, room: { en: '', hi: '' }, severity: 'critical', openedAt: 0, overAt: null, faults: [], told: [] } as const;
  return [{ ...row, ...base, faults: [], told: [], id }];
}
