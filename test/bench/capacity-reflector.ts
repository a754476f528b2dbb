/** The real broker process with its reflector, at the server's end of a shaped link. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashToken, makeSigningKeys, sealReflectorToken, sealSnapshot } from '@sabha/contracts';
import type { ShapedLink } from './shaped-link.ts';

export type ReflectorStage = {
  link: ShapedLink;
  port: number;
  /** Returns so many tokens, each for another PC. */
  tokens(count: number): string[];
  stop(): Promise<void>;
};

export async function prepareReflector(link: ShapedLink, folder: string): Promise<ReflectorStage> {
  const data = join(folder, 'broker');
  mkdirSync(data, { mode: 0o700, recursive: true });
  const keys = makeSigningKeys();
  const key = randomBytes(32);
  const snapshot = { version: 1, at: 0, pcs: [], roots: [], reflectorKey: key.toString('base64url') };
  const files = {
    'registry.pub': keys.publicKey,
    'principals.json': JSON.stringify({ flows: hashToken('flows'), exporter: hashToken('exporter') }),
    'registry.json': sealSnapshot(snapshot, createPrivateKey(keys.privateKey)),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(data, name), text, { mode: 0o600 });
  const env = { SABHA_DATA: data, SABHA_REGISTRY: join(data, 'registry.json'), SABHA_MQTT_PORT: '0', SABHA_METRICS_PORT: '0' };
  const reflector = { SABHA_REFLECTOR_HOST: link.address, SABHA_REFLECTOR_PORT: '8620' };
  const program = link.start('centre', { program: process.execPath, args: ['broker/main.ts'], env: { ...env, ...reflector } });
  const { reflectorPort } = await program.says('ready');
  let made = 0;
  const token = () => sealReflectorToken(`ladakh/leh/vc-${made++}`, Date.now() + 3_600_000, key).toString('base64url');
  return {
    link,
    port: Number(reflectorPort),
    tokens: (count) => Array.from({ length: count }, token),
    stop: async () => void (await program.end('SIGTERM')),
  };
}
