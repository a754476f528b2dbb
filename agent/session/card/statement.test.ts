import { faultOf, meetingComponents } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { checkOf, faulty, knownOf, working } from './card.test-helper.ts';
import { statementOf } from './statement.ts';

const said = (checks: Parameters<typeof knownOf>[0]) => statementOf(knownOf(checks));

test('the room card reports a room ready if all its parts work', () => {
  expect(said(working)).toMatchObject({
    readiness: 'ready',
    fault: null,
    mainIssue: null,
    pc: 'ladakh/leh/hall',
    room: { en: 'Hall', hi: 'हॉल' },
  });
});

test.each([
  ['nothing was checked yet', []],
  ['only what no meeting needs was checked', [checkOf('pc')]],
  ...meetingComponents.map((component): [string, typeof working] => [
    `the ${component} is unknown`,
    [...working.filter((one) => one.component !== component), checkOf(component, { status: 'unknown', reason: 'stale' })],
  ]),
])('the room card does not report the room as ready if %s', (_what, checks) => {
  expect(said(checks)).toMatchObject({ readiness: 'unknown', fault: null });
});

test('the room card names the most severe fault, and among equally severe faults the first in the catalogue, in its own text', () => {
  const muted = faulty('microphone.muted', { device: 'usb', name: 'Room mic' });
  expect(said([faulty('camera.held'), muted])).toMatchObject({
    readiness: 'not-ready',
    fault: 'microphone.muted',
    mainIssue: { ...pick('microphone.muted'), about: { en: 'Microphone, Room mic', hi: 'माइक, Room mic' } },
  });
  const [speaker, camera] = [faulty('speaker.missing'), faulty('camera.missing')];
  for (const checks of [
    [muted, speaker, camera],
    [camera, speaker, muted],
  ])
    expect(said(checks)).toMatchObject({ fault: 'camera.missing' });
});

test('the room card names the fault that caused others, and not the faults that it caused', () => {
  expect(said([faulty('microphone.muted'), faulty('sound.service_down'), ...working])).toMatchObject({ fault: 'sound.service_down' });
});

test.each([
  [
    ['hi', 'en'],
    ['hi', 'en'],
  ],
  [['ta', 'hi', 'hi'], ['hi']],
  [['ta'], ['en', 'hi']],
  [undefined, ['en', 'hi']],
])('the room card of a site with the languages %j is shown in %j', (languages, spoken) => {
  const { profile, ...known } = knownOf(working);
  const { languages: _own, ...rest } = profile;
  expect(statementOf({ ...known, profile: { ...rest, ...(languages && { languages }) } }).languages).toEqual(spoken);
});

function pick(id: string) {
  const row = faultOf(id);
  return { title: row?.title, action: row?.action };
}
