/** The interface of a broker for the contract suite, and the embedded engine behind it. Another engine needs another `StartBroker`. */
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashToken, makeSigningKeys, type PcPath, type RegistrySnapshot, realClock, sealSnapshot } from '@sabha/contracts';
import { createBroker } from '../../broker/broker.ts';
import type { Limits } from '../../broker/protection/limits.ts';

/** A PC of the registry; its token is `tokenOf` its path. */
export type Known = { pc: PcPath; revoked?: boolean };

export type BrokerUnderTest = {
  port: number;
  /** Replaces the registry; resolves when it is in force. */
  admit(pcs: Known[]): Promise<void>;
  stop(): Promise<void>;
};
export type StartBroker = (settings?: { drainTimeoutMs?: number }) => Promise<BrokerUnderTest>;

export function tokenOf(who: string): string {
  return `token-of-${who}`;
}

export type OwnBroker = BrokerUnderTest & {
  folder: string;
  /** Log messages, oldest first. */
  lines: string[];
  /** Returns the clients named by the log lines with this message. */
  named(line: string): unknown[];
  /** Returns a sample of the metrics page, such as `sabha_broker_clients{principal="pc"}`; 0 if missing. */
  sample(series: string): Promise<number>;
  publish(version: number, pcs: Known[]): void;
};

/** Starts the embedded broker in this process on a free port, with an empty registry. */
export async function startOwnBroker(limits: Partial<Limits> = {}, clock = realClock()): Promise<OwnBroker> {
  const files = brokerFiles();
  const { lines, named, log, until } = listeningLog();
  const broker = await createBroker({ ...files.options, limits, host: '127.0.0.1', port: 0, clock, log });
  let version = 0;
  return {
    port: broker.port,
    folder: files.folder,
    lines,
    named,
    publish: files.publish,
    async admit(pcs) {
      version += 1;
      const inForce = until((line, fields) => line === 'registry snapshot in use' && 'version' in fields && fields.version === version);
      files.publish(version, pcs);
      await inForce;
    },
    async sample(series) {
      const line = (await broker.series.metrics()).split('\n').find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? 0);
    },
    async stop() {
      await broker.close();
      rmSync(files.folder, { recursive: true });
    },
  };
}

/** Creates a folder with the files that a broker needs at its start. */
export function brokerFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'broker-'));
  const keys = makeSigningKeys();
  const options = {
    secretsFile: join(folder, 'principals.json'),
    registryFile: join(folder, 'flows', 'registry.json'),
    registryKeyFile: join(folder, 'registry.pub'),
    dataDir: folder,
  };
  mkdirSync(join(folder, 'flows'));
  writeFileSync(options.registryKeyFile, keys.publicKey);
  writeFileSync(options.secretsFile, JSON.stringify({ flows: hashToken(tokenOf('flows')), exporter: hashToken(tokenOf('exporter')) }));
  function publish(version: number, known: Known[]): void {
    const pcs = known.map(({ pc, revoked = false }) => ({ pc, tokenHash: hashToken(tokenOf(pc)), certificates: [], revoked }));
    put({ version, at: 0, pcs, roots: [] });
  }
  function put(snapshot: RegistrySnapshot): void {
    const draft = `${options.registryFile}.new`;
    writeFileSync(draft, sealSnapshot(snapshot, createPrivateKey(keys.privateKey)));
    renameSync(draft, options.registryFile);
  }
  return { folder, options, publish, put };
}

export function listeningLog() {
  const lines: string[] = [];
  const said: { line: string; who: unknown }[] = [];
  let waiting: { wanted: (line: string, fields: object) => boolean; done: () => void }[] = [];
  const say = (fields: object, line: string) => {
    lines.push(line);
    said.push({ line, who: 'who' in fields ? fields.who : undefined });
    const heard = waiting.filter(({ wanted }) => wanted(line, fields));
    waiting = waiting.filter((one) => !heard.includes(one));
    for (const { done } of heard) done();
  };
  const until = (wanted: (line: string, fields: object) => boolean) =>
    new Promise<void>((done) => {
      waiting.push({ wanted, done });
    });
  const named = (text: string) => said.filter(({ line }) => line === text).map(({ who }) => who);
  return { lines, named, log: { info: say, warn: say, error: say }, until };
}
