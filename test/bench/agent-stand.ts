/**
 * Starts our agent for the bench `agent`: packed, with the flags of its units, enrolled at a broker over TLS. The server acknowledges everything.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Ack, decode, encode, flowsFilters, type Leaf, type PcPath, parseTopic, pcTopic, realClock } from '@sabha/contracts';
import mqtt from 'mqtt';
import { identityFolder, storeIdentity } from '../../agent/identity/identity.ts';
import { pack } from '../../agent/maintain/install/pack.ts';
import { centrePublicKey, sealed } from '../centre-key.ts';
import { tokenOf } from '../contract/broker-under-test.ts';
import { createAuthority } from '../security/authority.ts';
import { startSecureBroker } from '../security/secure-broker.ts';
import type { Standing } from './agent-peers.ts';

/** The session helper belongs to the service of another PC: two connections of one identity would take over each other's session. */
const pcs = { run: 'ladakh/leh/hall', room: 'ladakh/leh/board' } as const;
const units = {
  run: new URL('../../packaging/agent/usr/lib/systemd/system/sabha-agent.service', import.meta.url),
  room: new URL('../../packaging/agent/usr/lib/systemd/user/sabha-room.service', import.meta.url),
};
type Seat = keyof typeof units;
const seats: readonly Seat[] = ['run', 'room'];
const profile = { link: 'fibre', elevationM: 3_524, expected: { camera: [{}], microphone: [{}], speaker: [{}] } } as const;

/**
 * Options of one start. `env` overrides the environment of the unit. A `room` (session helper) also starts the `run` (service) to which it
 * connects.
 */
export type Start = { seat: Seat; env: Record<string, string> };
export type Stand = { bundleBytes: number; start(options: Start): Promise<Standing>; stop(): Promise<void> };

/** Packs the agent and starts a server. Both use this clock speed, so that the broker's rate limits scale with it. */
export async function openStand(folder: string, speed = 1): Promise<Stand> {
  const program = join(folder, 'program');
  const { size } = await pack({ out: program, version: '1.0.0', minimum: '0.0.0', expires: Date.now() + 86_400_000 });
  const authority = await createAuthority('bench');
  const broker = await startSecureBroker(realClock(speed));
  await broker.certify(authority);
  const issue = (pc: PcPath) => authority.issue({ cn: pc.replaceAll('/', '.'), use: 'client' });
  const issued = { run: await issue(pcs.run), room: await issue(pcs.room) };
  const admitted = seats.map((seat) => ({ pc: pcs[seat], certificates: [issued[seat].serial] }));
  await broker.admit(admitted, [authority.root]);
  const centre = await acknowledgeAll(broker.plainPort);
  const identity = {
    host: 'localhost',
    mqttPort: broker.port,
    enrolPort: 1,
    centreKey: `${centrePublicKey.export({ type: 'spki', format: 'pem' })}`,
  };
  const settle = (data: string, seat: Seat) => {
    const { key, pem: chain } = issued[seat];
    storeIdentity(identityFolder(data), { key, chain, roots: [authority.root], centre: identity });
    writeFileSync(join(data, 'config.json'), encode('config', sealed({ pc: pcs[seat], version: 1, profile })));
    mkdirSync(join(data, 'update'));
  };
  const begin = async (seat: Seat, env: Record<string, string>, word: Promise<void>): Promise<Standing> => {
    const { flags, script, words, set } = unitOf(readFileSync(units[seat], 'utf8'));
    const own = { ...set, PATH: process.env['PATH'], SABHA_SPEED: `${speed}`, ...env };
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...flags, join(program, script), ...words], { env: own, stdio: 'ignore' });
    const ended = once(child, 'exit');
    const stop = async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    };
    await Promise.race([word, ended.then(() => Promise.reject(new Error(`${seat} ended with ${child.exitCode}`)))]);
    return { pid: child.pid ?? 0, firstMs: performance.now() - startedAt, stop };
  };
  return {
    bundleBytes: size,
    async start({ seat, env }) {
      const data = mkdtempSync(join(folder, 'data-'));
      settle(data, seat);
      const where = { SABHA_DATA: data, SABHA_ROOM_SOCKET: join(data, 'room.sock') };
      if (seat === 'run') return begin('run', { ...where, ...env }, centre.next('birth', pcs[seat]));
      const run = await begin('run', where, centre.next('birth', pcs[seat]));
      const room = await begin('room', { ...where, ...env }, centre.next('room', pcs[seat]));
      return { ...room, stop: () => room.stop().then(run.stop) };
    },
    async stop() {
      centre.end();
      await broker.stop();
    },
  };
}

/** Reads from a systemd unit how it starts the program, without the folders. */
function unitOf(text: string): { flags: string[]; script: string; words: string[]; set: Record<string, string> } {
  const line = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.split(' ') ?? [];
  const [, ...started] = line('ExecStart');
  const nth = started.findIndex((word) => !word.startsWith('--'));
  const [script = '', ...words] = started.slice(nth);
  return {
    flags: started.slice(0, nth),
    script: basename(script),
    words,
    set: Object.fromEntries(line('Environment').map((pair) => pair.split('=') as [string, string])),
  };
}

/** The first message that a test waits for: the birth of the PC, or a state with results of the session helper. */
type Word = 'birth' | 'room';

/** Acts as the server: acknowledges every birth and every numbered message at once. */
async function acknowledgeAll(port: number): Promise<{ next(word: Word, pc: PcPath): Promise<void>; end(): void }> {
  const client = await mqtt.connectAsync({
    host: '127.0.0.1',
    port,
    protocolVersion: 4,
    clientId: 'flows',
    username: 'flows',
    password: tokenOf('flows'),
  });
  const waiting = new Map<string, () => void>();
  client.on('message', (topic, payload) => {
    const said = parseTopic(topic);
    if (said?.kind !== 'pc') return;
    const { pc, leaf } = said;
    const answer = answerTo(leaf, payload);
    if (answer !== undefined) client.publish(pcTopic(pc, 'ack'), encode('ack', { ...answer, at: Date.now() }));
    const word = answer?.session === undefined ? (saysRoom(leaf, payload) ? 'room' : undefined) : 'birth';
    if (word !== undefined) waiting.get(`${word} ${pc}`)?.();
  });
  await client.subscribeAsync([...flowsFilters], { qos: 1 });
  return { next: (word, pc) => new Promise((resolve) => void waiting.set(`${word} ${pc}`, resolve)), end: () => client.end(true) };
}

/** Whether the state proves the session helper. The profile expects a camera and there is none, so only the helper can report its fault. */
function saysRoom(leaf: Leaf, payload: Buffer): boolean {
  if (leaf !== 'state') return false;
  const said = decode('state', payload);
  return said.ok && said.value.checks.some(({ component, status }) => component === 'camera' && status !== 'unknown');
}

function answerTo(leaf: Leaf, payload: Buffer): Pick<Ack, 'spool' | 'upTo' | 'session'> | undefined {
  if (leaf === 'presence') {
    const word = decode('presence', payload);
    if (!word.ok || word.value.kind !== 'birth') return undefined;
    return { spool: word.value.spool.id, upTo: 0, session: word.value.session };
  }
  const events = leaf === 'event' ? decode('event', payload) : decode('backlog', payload);
  const last = events.ok ? [events.value].flat().at(-1) : undefined;
  return last && { spool: last.spool, upTo: last.seq };
}
