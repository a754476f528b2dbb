// @module-tag long
/** 600 offices that close in the evening, through the engine, the decision of *when* and the calendar as they are; a tick a minute. */
import { expect, test } from 'vitest';
import { createStage, type Path } from '../../flows/engine/incidents/stage.test-helper.ts';
import { actByHours } from '../../flows/sites/calendar/hours-act.ts';
import { momentOf, type WhenRules } from '../../flows/sites/calendar/when.ts';

const minute = 60_000;
const rules: WhenRules = { beforeMs: 30 * minute, digest: 540, nearMs: 60 * minute, graceMs: 15 * minute };
const office = { timeZone: 'Asia/Kolkata', hours: { vc: [{ days: [1, 2, 3, 4, 5], from: 570, to: 1080 }], closes: 1110 } };
const at = (local: string) => Temporal.PlainDateTime.from(local).toZonedDateTime(office.timeZone).epochMilliseconds;

test('600 offices close in the evening: nobody is told at night, and in the morning only of those that are missing', () => {
  const pcs = Array.from({ length: 600 }, (_, number) => `st-${number % 36}/site-${number}/vc-1`);
  const stage = createStage({
    at: at('2027-01-14T18:00'),
    known: pcs.map((pc) => ({ pc, link: 'fibre', elevationM: 100, alerts: true })),
  });
  const when: Path = ({ message }) => {
    if (message.incident.scope.startsWith('centre')) return { acts: [], how: 'not asked here' };
    const copy = structuredClone(message);
    const moment = momentOf({ office, dates: [], rules, now: stage.now() });
    const { go, how } = actByHours(copy, moment, { node: 'when', now: stage.now() });
    const hours = copy.hours ?? {};
    const told = { do: 'deliver', channel: 'email', to: ['technician'], severity: copy.severity, hours } as const;
    return { acts: go ? [...copy.acts, { ...told, to: [...told.to] }] : copy.acts, how: go ? 'told' : how, severity: copy.severity };
  };
  stage.setPath(when);
  const proven = (ms: number) => stage.pass(ms, minute);
  stage.subscribe();
  for (const pc of pcs) stage.birth(pc);
  // Switched off at the wall, one after the other, from 18:05 to 19:05.
  for (let turn = 0; turn < 60; turn += 1) {
    for (const pc of pcs.slice(turn * 10, turn * 10 + 10)) stage.lost(pc);
    for (const pc of pcs.slice(turn * 10 + 10)) stage.beat(pc);
    proven(minute);
  }
  while (stage.now() < at('2027-01-15T08:55')) proven(5 * minute);
  expect(stage.outbox()).toEqual([]);
  for (const pc of pcs.slice(0, 590)) stage.birth(pc, { session: 2, boot: 'b2' });
  while (stage.now() < at('2027-01-15T10:00')) {
    for (const pc of pcs.slice(0, 590)) stage.beat(pc);
    proven(minute);
  }
  const news = stage.outbox().filter(({ notice }) => notice.kind === 'raised');
  expect(new Set(news.map(({ notice }) => notice.scope)).size).toBe(10);
  expect(news.every(({ notice, createdAt }) => notice.digest === true && createdAt >= at('2027-01-15T09:45'))).toBe(true);
  expect(stage.outbox()).toHaveLength(news.length);
});
