/** Starts a real mosquitto for the contract suite, with the configuration and the files of the release. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';
import { updateMosquitto } from '../../broker/engines/mosquitto.ts';
import { type BrokerUnderTest, brokerFiles, type Known, tokenOf } from '../contract/broker-under-test.ts';
import { freePorts } from '../system/processes.ts';
import { installed } from './parts.ts';

/** Debian installs mosquitto in a folder outside the PATH of ordinary users. */
const program = installed(['mosquitto']) ? 'mosquitto' : '/usr/sbin/mosquitto';
const patienceMs = 10_000;

export type Mosquitto = BrokerUnderTest & {
  /** Admits a client with all rights. Its user name is the `name` that `connect` accepts. */
  admitWitness(name: string): Promise<void>;
};

export function mosquittoFound(): boolean {
  return (existsSync(program) || installed([program])) && installed(['mosquitto_passwd']);
}

/** Starts mosquitto on a free port with an empty registry. */
export async function startMosquitto(): Promise<Mosquitto> {
  const files = brokerFiles();
  const outDir = join(files.folder, 'out');
  mkdirSync(outDir);
  const [port = 0] = await freePorts(1);
  const paths = { pidFile: join(files.folder, 'pid'), tokensFile: join(files.folder, 'tokens.json') };
  const update = (pidFile?: string) => updateMosquitto({ ...files.options, outDir, tokensFile: paths.tokensFile, pidFile });
  let version = 0;
  const publish = (pcs: Known[]) => {
    version += 1;
    files.publish(version, pcs);
    const names = ['flows', 'exporter', ...pcs.map((one) => one.pc)];
    writeFileSync(paths.tokensFile, JSON.stringify({ tokens: Object.fromEntries(names.map((who) => [who, tokenOf(who)])) }));
  };
  publish([]);
  update();
  const config = join(files.folder, 'mosquitto.conf');
  writeFileSync(config, configuration({ port, outDir, pidFile: paths.pidFile }));
  const child = spawn(program, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const heard = listen(createInterface(child.stderr));
  await heard(/ running$/);
  return {
    port,
    async admit(pcs) {
      publish(pcs);
      const reloaded = heard(/Reloading config/);
      update(paths.pidFile);
      await reloaded;
    },
    async admitWitness(name) {
      await promisify(execFile)('mosquitto_passwd', ['-b', join(outDir, 'users'), name, tokenOf(name)]);
      appendFileSync(join(outDir, 'acl'), `user ${name}\ntopic readwrite #\n`);
      const reloaded = heard(/Reloading config/);
      child.kill('SIGHUP');
      await reloaded;
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(files.folder, { recursive: true });
    },
  };
}

function configuration({ port, outDir, pidFile }: { port: number; outDir: string; pidFile: string }): string {
  const shipped = readFileSync(new URL('../../broker/engines/mosquitto/mosquitto.conf', import.meta.url), 'utf8');
  const own = shipped
    .replace('listener 1883 ', `listener ${port} `)
    .replaceAll('/etc/mosquitto/sabha', outDir)
    .replace('/run/mosquitto/mosquitto.pid', pidFile);
  return process.getuid?.() === 0 ? `${own}user root\n` : own;
}

/** Returns a function that waits for the next line that matches. */
function listen(input: Interface): (wanted: RegExp) => Promise<void> {
  const lines: string[] = [];
  const waiting = new Set<{ wanted: RegExp; done: () => void }>();
  input.on('line', (line) => {
    lines.push(line);
    for (const one of waiting) {
      if (!one.wanted.test(line)) continue;
      waiting.delete(one);
      one.done();
    }
  });
  return (wanted) =>
    new Promise<void>((done, failed) => {
      const limit = setTimeout(() => failed(new Error(`mosquitto did not say ${wanted}: ${lines.join('\n')}`)), patienceMs);
      waiting.add({ wanted, done: () => done(clearTimeout(limit)) });
    });
}
