/** Tests enrolment at a real terminal with a real server: a person types the command, the code and the name of the server. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { identityFolder, openIdentity } from '../../agent/identity/identity.ts';
import { runProgram } from '../../agent/platform/program.ts';
import { hasTerminal, sit } from '../typing.ts';
import { openRig, type Rig } from './enrolment-rig.ts';

const cli = new URL('../../agent/cli.ts', import.meta.url).pathname;

let rig: Rig;
let data: string;
beforeEach(async () => {
  rig = await openRig();
  data = mkdtempSync(join(tmpdir(), 'enrol-typed-'));
});
afterEach(async () => {
  await rig.close();
  rmSync(data, { recursive: true });
});

const clerkIn = (language: 'en' | 'hi') => sit([cli, 'enrol', '--data', data], { LC_ALL: language === 'hi' ? 'hi_IN.UTF-8' : 'C.UTF-8' });

describe('without a terminal, an enrolment command that names no PC', () => {
  const enrol = (code: string) =>
    runProgram(process.execPath, [cli, 'enrol', code, '--centre', `localhost:${rig.port}`, '--data', data, '--lang', 'en']);

  test('enrols the only PC of the site', async () => {
    const { code, text } = await enrol(await rig.code('ladakh/kargil'));
    expect([code, text]).toEqual([0, expect.stringMatching(/^ladakh\/kargil\/vc-1 is enrolled until /)]);
  });

  test('is refused at a site with several PCs', async () => {
    const { code, text } = await enrol(await rig.code());
    expect([code, text.split(';')[0]]).toEqual([2, '--pc is missing']);
    expect(existsSync(identityFolder(data))).toBe(false);
  });

  test('says why the server gives no list of PCs', async () => {
    const { code, text } = await enrol((await rig.code()).replace(/^./, (first) => (first === '7' ? '8' : '7')));
    expect([code, text]).toEqual([1, expect.stringContaining('code')]);
  });
});

describe.runIf(hasTerminal)('an enrolment command at a terminal', () => {
  test('a clerk enrols a PC by typing only the code, the name of the server and one digit', async () => {
    const code = await rig.code();
    const clerk = clerkIn('en');
    await clerk.types('Enrolment code of the office: ', code.toLowerCase().replaceAll('-', ''));
    await clerk.types('such as sabha.example.org: ', `localhost:${rig.port}`);
    await clerk.sees('  1  Name of ladakh/leh/vc-1: ladakh/leh/vc-1');
    await clerk.types('Which PC is this? Its number: ', '2');
    await clerk.sees('ladakh/leh/vc-2 is enrolled until ');
    await clerk.sees('Next: "npm run agent -- run --data ');
    expect(await clerk.ended).toBe(0);
    expect(openIdentity(identityFolder(data))).toMatchObject({ value: { pc: 'ladakh/leh/vc-2', centre: { host: 'localhost' } } });
    expect(clerk.typed()).toBe(40 + `localhost:${rig.port}`.length + 1);
    // A second enrolment is refused before the person types anything.
    const again = clerkIn('en');
    await again.sees('this PC is enrolled already as ladakh/leh/vc-2');
    expect(await again.ended).toBe(1);
  });

  test('Ctrl-C during a request ends the enrolment, and a late response does not enrol the PC', {
    tags: ['long'],
  }, async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const clerk = sit([cli, 'enrol', await rig.code(), '--centre', `127.0.0.1:${(silent.address() as AddressInfo).port}`, '--data', data], {
      LC_ALL: 'C.UTF-8',
    });
    await clerk.sees('asking the server: 2 s');
    clerk.press('\u0003');
    await clerk.sees('nothing was done');
    expect([await clerk.ended, existsSync(identityFolder(data))]).toEqual([2, false]);
  });
});
