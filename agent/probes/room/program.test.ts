import { type Profile, realClock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { createLinux } from '../../platform/linux/linux.ts';
import { tree } from '../../platform/linux/tree.test-helper.ts';
import { createProgramProbe } from './program.ts';

const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const entry = (name: string) => `[Desktop Entry]\nType=Application\nName=${name}\nName[hi]=ज़ूम\nExec=/usr/bin/x %U\n`;
const menu = { 'usr/share/applications/us.zoom.Zoom.desktop': entry('Zoom Workplace') };

async function ask(entries: Record<string, string>, expected: Profile['expected'] = { program: [{ match: 'zoom' }] }, home?: string) {
  const env = { PATH: '', ...(home !== undefined && { HOME: home }) };
  const platform = createLinux({ root: tree({ 'usr/note': '', ...entries }), env, clock: realClock() });
  const profile: Profile = { link: 'fibre', elevationM: 0, expected };
  return (await createProgramProbe().run({ platform, profile, self, signal: AbortSignal.timeout(5_000) })).checks;
}

it('the program probe reports a program with a menu entry as ok, by its name or its entry file, for each kind of installation', async () => {
  for (const match of ['workplace', 'us.zoom'])
    expect(await ask(menu, { program: [{ match }] })).toMatchObject([{ component: 'program', status: 'ok', name: 'Zoom Workplace' }]);
  for (const folder of ['usr/local/share', 'var/lib/flatpak/exports/share'])
    expect(await ask({ [`${folder}/applications/zoom.desktop`]: entry('Zoom') })).toMatchObject([{ status: 'ok' }]);
  expect(await ask({ 'var/lib/snapd/desktop/applications/zoom-client_zoom.desktop': entry('Z') })).toMatchObject([
    { status: 'ok', name: 'Z' },
  ]);
});

it('the program probe reports program.missing without a menu entry, and ignores a file that is no entry', async () => {
  expect(await ask(menu, { program: [{ match: 'teams' }] })).toMatchObject([{ fault: 'program.missing', name: 'teams' }]);
  const others = { 'usr/share/applications/zoom.txt': entry('Zoom'), 'usr/share/applications/zoom.desktop': 'Nothing=here\n' };
  expect(await ask(others)).toMatchObject([{ fault: 'program.missing' }]);
});

it('the program probe reports unknown on a system without a menu, and has no check if no program is expected', async () => {
  expect(await ask({})).toMatchObject([{ status: 'unknown', reason: 'this system has no menu of programs' }]);
  expect(await ask(menu, {})).toEqual([]);
  expect(await ask(menu, { program: [] })).toEqual([]);
});
