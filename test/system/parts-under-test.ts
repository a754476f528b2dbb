/** Starts the parts of Sabha one by one, as `start.ts` does, but without a restart of a killed part. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashToken, makeSigningKeys } from '@sabha/contracts';
import { createSite, type SettingsFile, type Site } from './centre-under-test.ts';
import { type Program, startProgram } from './processes.ts';

export type PartName = 'broker' | 'flows' | 'dashboards' | 'agent';

export type PartsOptions = {
  /** Ids of the PCs of the only site, all of them admitted. */
  pcs: string[];
  settings?: SettingsFile;
  /** Factor of the clock of flows and agents. */
  speed?: number;
};

export type Parts = {
  site: Site;
  speed: number;
  epochMs: number;
  /** Paths of the PCs, with their tokens. */
  tokens: Map<string, string>;
  start(part: PartName, env?: Record<string, string>): Promise<Program>;
};

/** Prepares folders and secrets; nothing runs yet. */
export async function createParts({ pcs, settings = {}, speed = 1 }: PartsOptions): Promise<Parts> {
  const rooms = pcs.map((id) => ({ id, room: { en: `Room ${id}`, hi: `कमरा ${id}` } }));
  const file = { ...settings, site: { state: 'ladakh', id: 'leh', name: { en: 'Leh office' }, ...(settings.site ?? {}), pcs: rooms } };
  const epochMs = Date.now();
  const site = await createSite(file, { SABHA_SPEED: `${speed}`, SABHA_EPOCH: `${epochMs}` });
  const tokens = new Map(pcs.map((id) => [`ladakh/leh/${id}`, token()]));
  writeSecrets(site.data, tokens);
  const start = async (part: PartName, env: Record<string, string> = {}) => {
    const program = startProgram({ args: [`${part}/main.ts`], env: { ...site.env, ...environment(part, site, pcs[0] ?? ''), ...env } });
    await program.says((line) => line.msg === 'ready');
    return program;
  };
  return { site, speed, epochMs, tokens, start };
}

function writeSecrets(data: string, tokens: Map<string, string>): void {
  for (const part of ['broker', 'flows', 'dashboards', 'agent']) mkdirSync(join(data, part), { recursive: true, mode: 0o700 });
  const own = { flows: token(), exporter: token(), api: token(), cli: token() };
  const programs = [
    { name: 'server-cli', role: 'central', hash: hashToken(own.cli) },
    { name: 'server-exporter', role: 'reader', hash: hashToken(own.api) },
  ];
  const keys = makeSigningKeys();
  const centre = makeSigningKeys();
  const admitted = [...tokens].map(([pc, text]) => ({ pc, tokenHash: hashToken(text), revoked: false }));
  const files = {
    'flows/flows.token': own.flows,
    'dashboards/exporter.token': own.exporter,
    'dashboards/api.token': own.api,
    'cli.token': own.cli,
    'flows/programs.json': JSON.stringify(programs),
    'agent/agent.token': [...tokens.values()][0] ?? '',
    'broker/principals.json': JSON.stringify({ flows: hashToken(own.flows), exporter: hashToken(own.exporter) }),
    'broker/registry.pub': keys.publicKey,
    'flows/registry.key': keys.privateKey,
    'flows/centre.key': centre.privateKey,
    'agent/centre.pub': centre.publicKey,
    'flows/admit.json': JSON.stringify(admitted),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(data, file), text, { mode: 0o600 });
}

function environment(part: PartName, { data, ports }: Site, pc: string): Record<string, string> {
  const compiled = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(data, part, 'compiled') };
  const common = {
    ...compiled,
    SABHA_DATA: join(data, part),
    SABHA_MQTT_PORT: `${ports.mqtt}`,
    SABHA_REGISTRY: join(data, 'broker/registry.json'),
  };
  const profile = JSON.stringify({ link: 'fibre', expected: {} });
  const own: Record<PartName, Record<string, string>> = {
    broker: { SABHA_METRICS_PORT: `${ports.brokerMetrics}` },
    flows: {
      SABHA_TOKEN_FILE: join(data, 'flows/flows.token'),
      SABHA_REGISTRY_KEY: join(data, 'flows/registry.key'),
      SABHA_CENTRE_KEY: join(data, 'flows/centre.key'),
      SABHA_ADMIT: join(data, 'flows/admit.json'),
      SABHA_PROGRAMS: join(data, 'flows/programs.json'),
      SABHA_WALL: 'dashboards/wall',
      SABHA_DOCS: 'docs',
      SABHA_MODULES: 'node_modules',
    },
    dashboards: {
      SABHA_TOKEN_FILE: join(data, 'dashboards/exporter.token'),
      SABHA_API: `http://127.0.0.1:${ports.api}`,
      SABHA_API_TOKEN_FILE: join(data, 'dashboards/api.token'),
      SABHA_METRICS_PORT: `${ports.exporter}`,
    },
    agent: {
      SABHA_PC: `ladakh/leh/${pc}`,
      SABHA_TOKEN_FILE: join(data, 'agent/agent.token'),
      SABHA_CENTRE_KEY: join(data, 'agent/centre.pub'),
      SABHA_PROFILE: profile,
    },
  };
  return { ...common, ...own[part] };
}

function token(): string {
  return randomBytes(32).toString('base64url');
}
