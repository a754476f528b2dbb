/** The agent as people use it: enrolled by a code, at work over mTLS, cut off when it is revoked. Real programs, and our broker. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode, encode, flowsFilters, pcTopic } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identityFolder, storeIdentity } from '../../agent/identity/identity.ts';
import { pack } from '../../agent/maintain/install/pack.ts';
import { connect } from '../contract/peers.ts';
import { type Program, startProgram } from '../system/processes.ts';
import { createAuthority } from './authority.ts';
import { startCentreOfCertificates } from './centre-of-certificates.ts';
import { type SecureBroker, startSecureBroker } from './secure-broker.ts';

const pc = 'ladakh/leh/pc-1';
let broker: SecureBroker;
let data: string;
let programs: Program[];

beforeEach(async () => {
  broker = await startSecureBroker();
  data = mkdtempSync(join(tmpdir(), 'agent-'));
  programs = [];
});
afterEach(async () => {
  for (const program of programs) await program.end('SIGKILL');
  await broker.stop();
  rmSync(data, { recursive: true });
});

function start(args: string[], env: Record<string, string> = {}): Program {
  const program = startProgram({ args: ['--disable-warning=ExperimentalWarning', ...args], env: { PATH: process.env['PATH'], ...env } });
  programs.push(program);
  return program;
}

test('enrolled by a code it reaches the broker over mTLS, its birth is acknowledged, and a revocation ends it', async () => {
  const authority = await createAuthority('Sabha');
  await broker.certify(authority);
  const known = new Map<string, { pc: string; certificates: string[] }>();
  const centre = await startCentreOfCertificates({
    authority,
    pc: 'ladakh.leh.pc-1',
    mqttPort: broker.port,
    onIssued: async ({ serial }) => {
      known.set(pc, { pc, certificates: [serial] });
      await broker.admit([...known.values()], [authority.root]);
    },
  });
  const enrol = start([
    'agent/cli.ts',
    'enrol',
    centre.code.toLowerCase(),
    '--centre',
    `https://localhost:${centre.port}`,
    '--pc',
    pc,
    '--data',
    data,
  ]);
  expect(await enrol.ended).toEqual({ code: 0, signal: null });
  expect(enrol.lines.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^ladakh\/leh\/pc-1 is enrolled until \d{4}-\d\d-\d\d$/)]);
  await centre.stop();

  const flows = await connect(broker.plainPort, 'flows');
  await flows.subscribe([...flowsFilters]);
  // Neither PC nor address nor token: the identity says it all.
  const agent = start(['agent/main.ts'], { SABHA_DATA: data, SABHA_MQTT_HOST: '192.0.2.1' });
  const birth = decode('presence', Buffer.from((await flows.hears(pcTopic(pc, 'presence'))).text));
  if (!birth.ok || birth.value.kind !== 'birth') throw new Error('no birth');
  const { spool, session } = birth.value;
  await flows.publish(pcTopic(pc, 'ack'), encode('ack', { spool: spool.id, upTo: 0, at: Date.now(), session }).toString(), { qos: 0 });
  // Events wait for the ack of the birth (R3), so that these prove that it came.
  const backlog = decode('backlog', Buffer.from((await flows.hears(pcTopic(pc, 'backlog'))).text));
  expect(backlog.ok && backlog.value.map(({ kind }) => kind)).toContain('started');
  const state = decode('state', Buffer.from((await flows.hears(pcTopic(pc, 'state'))).text));
  expect(state.ok && state.value.checks).toContainEqual({
    component: 'agent',
    device: 'certificate',
    status: 'ok',
    fault: null,
    reason: null,
  });

  await broker.admit([{ pc, revoked: true }], [authority.root]);
  await agent.says((line) => line.msg.startsWith('not connected') && line['refused'] === false);
  // A refused identity knocks seldom.
  await agent.says((line) => line.msg === 'not connected: Connection refused: Not authorized' && line['refused'] === true);
  flows.client.end(true);
});

test('an identity that cannot be used, and one of another PC, are one line and exit 1', { tags: ['long'] }, async () => {
  const authority = await createAuthority('Sabha');
  const centre = await startCentreOfCertificates({ authority, pc: 'ladakh.leh.pc-1', mqttPort: 1 });
  const enrol = start(['agent/cli.ts', 'enrol', centre.code, '--centre', `https://localhost:${centre.port}`, '--pc', pc, '--data', data]);
  expect(await enrol.ended).toEqual({ code: 0, signal: null });
  await centre.stop();
  const other = start(['agent/main.ts'], { SABHA_DATA: data, SABHA_PC: 'ladakh/leh/pc-2' });
  expect(await other.ended).toEqual({ code: 1, signal: null });
  expect(other.lines.map(({ msg }) => msg)).toEqual([`SABHA_PC: ladakh/leh/pc-2, but the certificate is of ${pc}`]);
  rmSync(join(data, 'identity', 'key.pem'));
  const broken = start(['agent/main.ts'], { SABHA_DATA: data });
  expect(await broken.ended).toEqual({ code: 1, signal: null });
  expect(broken.lines.map(({ msg }) => msg)).toEqual([`${data}/identity: cannot be read: ENOENT`]);
});

test('the packed agent lost what it has no use for, and not its TLS: started as its service starts it, it is heard over mTLS', {
  tags: ['long'],
}, async () => {
  const program = join(data, 'program');
  await pack({ out: program, version: '1.0.0', minimum: '0.0.0', expires: Date.now() + 60_000 });
  const authority = await createAuthority('Sabha');
  await broker.certify(authority);
  const { key, pem, serial } = await authority.issue({ cn: 'ladakh.leh.pc-1', use: 'client' });
  await broker.admit([{ pc, certificates: [serial] }], [authority.root]);
  const centre = { host: 'localhost', mqttPort: broker.port, enrolPort: 1, centreKey: null };
  storeIdentity(identityFolder(data), { key, chain: pem, roots: [authority.root], centre });
  const flows = await connect(broker.plainPort, 'flows');
  await flows.subscribe([...flowsFilters]);
  const unit = readFileSync('packaging/agent/usr/lib/systemd/system/sabha-agent.service', 'utf8');
  const flags =
    /^ExecStart=.*$/m
      .exec(unit)?.[0]
      .match(/ --\S+/g)
      ?.map((flag) => flag.trim()) ?? [];
  expect(flags).toContain('--lite-mode');
  start([...flags, join(program, 'launch.mjs'), 'run', '--data', data]);
  const birth = decode('presence', Buffer.from((await flows.hears(pcTopic(pc, 'presence'))).text));
  expect(birth).toMatchObject({ ok: true, value: { kind: 'birth', agent: '1.0.0' } });
  flows.client.end(true);
});
