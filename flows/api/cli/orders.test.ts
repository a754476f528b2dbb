import type { CommandView } from '@sabha/contracts';
import { renderUnicodeCompact } from 'uqr';
import { expect, test } from 'vitest';
import { toCsv } from '../../sites/csv.ts';
import { inTurn } from './api.test-helper.ts';
import { operator } from './operator.test-helper.ts';

const { state, file, sabha } = operator();

test('`sabha enrol-code` shows the code once with the line and QR code for each PC, and `sabha revoke` revokes a PC', async () => {
  state().scripted['POST /api/enrol-codes'] = {
    code: 'AAAAA-BBBBB',
    uses: 2,
    ends: 0,
    centre: 'https://sabha.example.org:8443',
    pcs: ['ladakh/leh/vc-1', 'ladakh/leh/vc-2'],
  };
  state().scripted['POST /api/pcs/ladakh/leh/vc-1/revoke'] = '';
  const { code, out, err } = await sabha(['enrol-code', 'ladakh/leh', '--by', 'Anil']);
  expect([code, err]).toEqual([0, '']);
  const [, second] = ['vc-1', 'vc-2'].map(
    (pc) => `sudo sabha-agent enrol AAAAA-BBBBB --centre https://sabha.example.org:8443 --pc ladakh/leh/${pc}`,
  );
  expect(out.split('\n').filter((line) => /[a-z]/.test(line))).toEqual([
    '2 PCs of ladakh/leh, until 1970-01-01 00:00:00 UTC, shown this once:',
    ...['vc-1', 'vc-2'].flatMap((pc) => [`on ladakh/leh/${pc}:`, second?.replace('vc-2', pc)]),
    'By phone: on the PC "sudo sabha-agent enrol" asks for the code and the name of the server, sabha.example.org. With the package of this server AAAAA is enough.',
    expect.stringMatching(/^Next: send each line, .* sabha pcs list --site ladakh\/leh$/),
  ]);
  // The QR code of a line fits a terminal of 80 columns.
  expect(out).toContain(renderUnicodeCompact(second ?? '', { border: 2 }).trimEnd());
  expect(
    Math.max(
      ...out
        .split('\n')
        .filter((line) => line.includes('█'))
        .map((line) => line.length),
    ),
  ).toBeLessThan(80);
  const json = await sabha(['enrol-code', 'ladakh/leh', '--uses', '1', '--hours', '48', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({
    site: 'ladakh/leh',
    code: 'AAAAA-BBBBB',
    uses: 2,
    ends: 0,
    pcs: ['ladakh/leh/vc-1', 'ladakh/leh/vc-2'],
  });
  expect((await sabha(['revoke', 'ladakh/leh/vc-1'])).out).toMatch(/^ {2}revoked +ladakh\/leh\/vc-1\n/);
  expect(state().asked).toEqual([
    { url: '/api/enrol-codes', body: { site: 'ladakh/leh', by: 'Anil' } },
    { url: '/api/enrol-codes', body: { site: 'ladakh/leh', by: 'tester', uses: 1, hours: 48 } },
    { url: '/api/pcs/ladakh/leh/vc-1/revoke', body: { by: 'tester' } },
  ]);
});

test('`sabha config` stage, show and release control a rollout, and show exits with 1 if the rollout stopped itself', async () => {
  const name = file('sites.csv', toCsv(state().table).replace('live,3524', 'live,3500'));
  expect(await sabha(['config', 'stage', name])).toMatchObject({ code: 0, out: expect.stringContaining('1 changed') });
  expect(state().staged).toEqual([]);
  expect(await sabha(['config', 'stage', name, '--yes', '--by', 'Anil'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/\ndone\n$/),
  });
  expect(state().staged).toEqual(['Anil']);
  expect((await sabha(['config', 'show'])).out).toBe('  rollout  -\n');
  expect(await sabha(['config', 'release'])).toMatchObject({ code: 1, err: 'no configuration is on its way in stages\n' });
  const rollout = { by: 'Anil', stage: 2, stageAt: 0, pcs: 736, released: 74, stopped: null };
  state().rollout = rollout;
  expect(await sabha(['config', 'show'])).toMatchObject({ code: 0, out: expect.stringMatching(/ stage +2\n[\s\S]* released +74\n/) });
  state().rollout = { ...rollout, stopped: 'of 74 PCs 3 silent' };
  expect(await sabha(['config', 'show'])).toMatchObject({ code: 1, out: expect.stringMatching(/ stopped +of 74 PCs 3 silent\n$/) });
  expect(await sabha(['config', 'release'])).toMatchObject({ code: 0, out: '  released  yes\n' });
});

const command = (change: Partial<CommandView>): CommandView => ({
  id: 'c1',
  by: 'Anil',
  to: 'ladakh/leh',
  verb: 'send-log',
  args: { lines: 2 },
  at: 0,
  expires: 600_000,
  state: 'open',
  answers: [],
  missing: ['ladakh/leh/vc-1', 'ladakh/leh/vc-2'],
  ...change,
});

test('`sabha cmd` sends its arguments, waits until every PC has responded, and exits with 0 only if all succeeded', async () => {
  const answer = { pc: 'ladakh/leh/vc-1', at: 1_000, outcome: 'done' as const, reason: null, lines: ['evil\u001b[2J'] };
  const other = { pc: 'ladakh/leh/vc-2', at: 2_000, outcome: 'failed' as const, reason: 'no tool' };
  state().scripted['POST /api/commands'] = { id: 'c1' };
  state().scripted['GET /api/commands/c1'] = inTurn(command({}), command({ state: 'answered', answers: [answer, other], missing: [] }));
  const call = ['cmd', 'send-log', '--to', 'ladakh/leh', '--arg', 'lines=2', '--arg', 'name=a=b', '--by', 'Anil'];
  const { code, out, err } = await sabha([...call, '--wait']);
  expect(state().asked[0]).toEqual({
    url: '/api/commands',
    body: { to: 'ladakh/leh', verb: 'send-log', args: { lines: '2', name: 'a=b' }, by: 'Anil' },
  });
  expect([code, err]).toEqual([1, 'command c1 is on its way\n']);
  expect(out).toMatch(/ verb +send-log\n[\s\S]* state +answered\n/);
  expect(out.split('\n').slice(-5)).toEqual([
    'PC               OUTCOME  REASON   AT',
    'ladakh/leh/vc-1  done     -        1970-01-01 00:00:01 UTC',
    'ladakh/leh/vc-2  failed   no tool  1970-01-01 00:00:02 UTC',
    'ladakh/leh/vc-1: evil [2J',
    '',
  ]);
  expect(await sabha(call)).toEqual({ code: 0, out: 'c1\n', err: '' });
  state().scripted['GET /api/commands/c1'] = command({ state: 'expired', answers: [answer], missing: ['ladakh/leh/vc-2'] });
  expect(await sabha(['cmd', 'show', 'c1'])).toMatchObject({ code: 1, out: expect.stringMatching(/vc-2 +no answer/) });
  state().scripted['GET /api/commands/c1'] = command({ state: 'answered', answers: [answer], missing: [] });
  expect((await sabha(['cmd', 'show', 'c1', '--json'])).code).toBe(0);
  state().scripted['GET /api/commands'] = [command({ to: '' })];
  expect((await sabha(['cmd', 'list'])).out).toMatch(/c1 +send-log +lines 2 +all +Anil/);
});

test('`sabha tabs check` exits with 1 if the tabs are refused or wrong, and `sabha tabs log` names who changed them', async () => {
  const inOrder = { running: 'aaa', before: null, release: 'aaa', base: 'aaa', refused: null, wrong: [] };
  state().scripted['GET /api/tabs'] = inOrder;
  expect(await sabha(['tabs', 'check'])).toMatchObject({ code: 0, out: expect.stringMatching(/^ {2}running +aaa\n/) });
  state().scripted['GET /api/tabs'] = { ...inOrder, refused: '40-who.json: the file is empty', wrong: ['x (y): output 1 leads nowhere'] };
  expect(await sabha(['tabs', 'check'])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/ refused +40-who\.json: the file is empty\nwrong \(1\):\n {2}x \(y\): output 1 leads nowhere\n$/),
  });
  const line = '~ 50 Escalate: "15 min" (sabha-wait): duration "15" → "5"';
  state().scripted['GET /api/tabs/steps'] = [{ at: 0, who: 'asha', what: 'tabs deployed', about: `aaa → bbb\n${line}` }];
  expect((await sabha(['tabs', 'log'])).out).toBe(`1970-01-01 00:00:00 UTC  asha: tabs deployed, aaa → bbb\n  ${line}\n`);
});
