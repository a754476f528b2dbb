/**
 * The readers of the load: `flows`, a Node-RED flow as in tutorials, and a bare script that stores the events. Each connects as `flows` to
 * the same broker.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleOf } from '../system/centre-under-test.ts';
import type { Parts } from '../system/parts-under-test.ts';
import { freePorts, type Program, startProgram } from '../system/processes.ts';

export const readers = ['ours', 'Node-RED flow', 'bare mqtt.js and node:sqlite'] as const;
export type ReaderKind = (typeof readers)[number];
export type Reader = {
  kind: ReaderKind;
  pid: number;
  read(leaf: 'event' | 'beat'): Promise<number>;
  /** Port of the metrics, under the names of `flows`; only for readers that store events. */
  metricsPort: number;
  stop(): Promise<void>;
};

/** Whether the reader acknowledges an event when it is on disk. */
export function keeps(kind: ReaderKind): boolean {
  return kind !== 'Node-RED flow';
}

export async function startReader(parts: Parts, kind: ReaderKind): Promise<Reader> {
  if (kind === 'ours') return keeper(kind, await parts.start('flows'), parts.site.ports.flowsMetrics);
  const [port = 0] = await freePorts(1);
  if (kind === 'bare mqtt.js and node:sqlite') return keeper(kind, await startBare(parts, port), port);
  const program = await startClassic(parts, port);
  const read = async (leaf: 'event' | 'beat') => (await (await fetch(`http://127.0.0.1:${port}/n`)).json())[leaf] ?? 0;
  return { kind, pid: program.pid, read, metricsPort: 0, stop: async () => void (await program.end('SIGKILL')) };
}

function keeper(kind: ReaderKind, program: Program, metricsPort: number): Reader {
  // Only beats whose digest equals the stored one are counted. The digest of the load never changes.
  const samples = {
    event: 'sabha_ingest_messages_total{leaf="event",result="ok"}',
    beat: 'sabha_ingest_messages_total{leaf="beat",result="same"}',
  };
  const read = (leaf: 'event' | 'beat') => sampleOf(metricsPort, samples[leaf]);
  return { kind, pid: program.pid, read, metricsPort, stop: async () => void (await program.end('SIGTERM')) };
}

function token({ site }: Parts): string {
  return readFileSync(join(site.data, 'flows/flows.token'), 'utf8');
}

async function startBare(parts: Parts, port: number): Promise<Program> {
  const args = [
    'test/bench/ingest-bare.ts',
    `${parts.site.ports.mqtt}`,
    `${port}`,
    'flows',
    token(parts),
    join(parts.site.folder, 'bare.db'),
  ];
  const program = startProgram({ args, env: parts.site.env });
  await program.says('subscribed');
  return program;
}

async function startClassic(parts: Parts, port: number): Promise<Program> {
  const folder = join(parts.site.folder, 'classic');
  mkdirSync(folder, { recursive: true });
  const settings = {
    uiPort: port,
    uiHost: '127.0.0.1',
    userDir: folder,
    flowFile: 'flows.json',
    httpAdminRoot: false,
    credentialSecret: false,
  };
  writeFileSync(join(folder, 'settings.cjs'), `module.exports = ${JSON.stringify(settings)};`);
  writeFileSync(join(folder, 'flows.json'), JSON.stringify(classicFlow(parts.site.ports.mqtt)));
  writeFileSync(join(folder, 'flows_cred.json'), JSON.stringify({ broker: { user: 'flows', password: token(parts) } }));
  const program = startProgram({ args: ['node_modules/node-red/red.js', '--settings', join(folder, 'settings.cjs')], env: parts.site.env });
  await program.says('Connected to broker', 60_000);
  return program;
}

/** The flow of every tutorial (mqtt in → json → function → switch). The function counts the messages, and a page returns the count. */
function classicFlow(mqttPort: number): object[] {
  const count = "const leaf = msg.topic.split('/')[5]; const n = flow.get(leaf) || 0; flow.set(leaf, n + 1); msg.leaf = leaf; return msg;";
  const tell = "msg.payload = { event: flow.get('event') || 0, beat: flow.get('beat') || 0 }; return msg;";
  const rules = ['event', 'beat'].map((v) => ({ t: 'eq', v, vt: 'str' }));
  const mqttIn = (id: string, leaf: string) => ({
    ...node(id, 'mqtt in', ['json']),
    topic: `sabha/v1/+/+/+/${leaf}`,
    qos: '1',
    datatype: 'utf8',
    broker: 'broker',
  });
  return [
    { id: 'tab', type: 'tab', label: 'classic' },
    {
      id: 'broker',
      type: 'mqtt-broker',
      broker: '127.0.0.1',
      port: `${mqttPort}`,
      clientid: 'flows',
      protocolVersion: '4',
      keepalive: '60',
      cleansession: true,
      autoConnect: true,
    },
    mqttIn('in1', 'event'),
    mqttIn('in2', 'beat'),
    { ...node('json', 'json', ['count']), property: 'payload', action: '' },
    { ...node('count', 'function', ['switch']), func: count, outputs: 1 },
    { ...node('switch', 'switch', []), property: 'leaf', propertyType: 'msg', rules, checkall: 'false', outputs: 2, wires: [[], []] },
    { ...node('ask', 'http in', ['tell']), url: '/n', method: 'get' },
    { ...node('tell', 'function', ['answer']), func: tell, outputs: 1 },
    node('answer', 'http response', []),
  ];
}

function node(id: string, type: string, next: string[]) {
  return { id, type, z: 'tab', x: 0, y: 0, wires: [next] };
}
