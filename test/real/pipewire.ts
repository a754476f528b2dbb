/** The sound services of a desktop without a screen: D-Bus, PipeWire, WirePlumber and the PulseAudio server, in a separate folder. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Required programs. Debian packages: pipewire, pipewire-bin, pipewire-pulse, wireplumber, pulseaudio-utils, dbus-daemon. */
export const pipewireTools = [
  'dbus-daemon',
  'pipewire',
  'wireplumber',
  'pipewire-pulse',
  'pw-loopback',
  'pw-cli',
  'pw-dump',
  'pactl',
  'pacat',
] as const;

type Service = 'pipewire' | 'wireplumber' | 'pipewire-pulse';

export type Desktop = {
  /** Environment that makes a program, or the agent's platform, use the sound of this desktop. */
  env: Record<string, string>;
  /**
   * Plugs in a virtual microphone and waits until the sound server lists it. Then records from it for a moment: unlike a real device, a
   * virtual device shows mute and volume only after its first use.
   */
  plug(id: string, description?: string): Promise<void>;
  /**
   * Plugs in a virtual loudspeaker and plays to it for a moment, because a virtual device shows mute and volume only after its first use.
   * Returns a function that unplugs it.
   */
  plugSpeaker(id: string, description: string): Promise<() => Promise<unknown>>;
  /** Adds a camera without a picture that only PipeWire lists, like a built-in one of libcamera. Returns a function that removes it. */
  plugCamera(id: string, description: string): Promise<() => Promise<void>>;
  /** Unplugs a microphone: ends its process, and waits until the sound server no longer lists it. */
  unplug(id: string): Promise<void>;
  /** Changes a device until a watch reports the change. From then on the watch misses no change. */
  heardBy(calls: () => number): Promise<void>;
  /** Runs `pactl` as a person would: set-source-mute, set-source-volume, set-default-source. Returns its output. */
  pactl(...args: string[]): Promise<string>;
  /** Starts a program with this binary name that records from a microphone. Returns a function that ends it. */
  record(id: string, program: string): Promise<() => Promise<void>>;
  kill(service: Service): Promise<void>;
  /** Suspends a service until `thaw` or `kill`. */
  freeze(service: Service): void;
  thaw(service: Service): void;
  stop(): Promise<void>;
};

/** Longest wait for a service or device, in milliseconds. The error after it names what is missing. */
const patienceMs = 30_000;
const run = promisify(execFile);

/** Starts the services. Resolves when the sound server responds. No device is plugged in yet. */
export async function startDesktop(): Promise<Desktop> {
  const folder = await mkdtemp(join(tmpdir(), 'sabha-sound-'));
  const env = environment(folder);
  // Server and clients both create the folder `pulse`, and the slower one exits with an error. The test therefore creates the folder first.
  for (const inside of ['home', 'pulse']) await mkdir(join(folder, inside), { mode: 0o700 });
  const processes = new Map<string, ChildProcess>();
  const begin = (name: string, program: string, args: string[] = []) => {
    processes.set(name, spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' }));
  };
  const end = async (name: string) => {
    const child = processes.get(name);
    processes.delete(name);
    if (child) await finish(child);
  };
  const ask = async (program: string, args: string[] = []) =>
    (await run(program, args, { env: { ...process.env, ...env }, timeout: patienceMs })).stdout;
  const pactl = (...args: string[]) => ask('pactl', args);
  const lists = async (kind: string, text: string) => (await pactl('list', 'short', kind)).includes(`\t${text}\t`);
  const stop = async () => {
    for (const name of [...processes.keys()].reverse()) await end(name);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  begin('dbus', 'dbus-daemon', ['--session', `--address=${env['DBUS_SESSION_BUS_ADDRESS']}`, '--nofork', '--nopidfile']);
  const running = async (kind: string, id: string) => new RegExp(`\\t${id}\\t.*RUNNING`).test(await pactl('list', 'short', kind));
  // A socket file exists a moment before its server listens.
  const listens = (socket: string) => async () => {
    const caller = connect(join(folder, socket));
    await once(caller, 'connect').finally(() => caller.destroy());
    return true;
  };
  try {
    // WirePlumber exits if PipeWire does not listen yet, and then no default device is ever selected.
    await until('the bus', listens('bus'));
    begin('pipewire', 'pipewire');
    await until('PipeWire', listens('pipewire-0'));
    for (const service of ['wireplumber', 'pipewire-pulse']) begin(service, service);
    await until('the sound server', () => lists('sources', 'auto_null.monitor'));
    await until('WirePlumber', async () => (await pactl('list', 'clients')).includes('application.name = "WirePlumber"'));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    env,
    pactl,
    stop,
    kill: end,
    freeze: (service) => void processes.get(service)?.kill('SIGSTOP'),
    thaw: (service) => void processes.get(service)?.kill('SIGCONT'),
    async unplug(id) {
      await end(id);
      await until(`the end of microphone ${id}`, async () => !(await lists('sources', id)));
    },
    async heardBy(calls) {
      const before = calls();
      await until('a watch that tells', async () => {
        const module = await pactl('load-module', 'module-null-sink', 'sink_name=passing');
        await pactl('unload-module', module.trim());
        return calls() > before;
      });
    },
    async plug(id, description = id) {
      begin(id, 'pw-loopback', loopback(id, description));
      await until(`microphone ${id}`, () => lists('sources', id));
      begin('first-use', 'pacat', ['--record', `--device=${id}`, '/dev/null']);
      await until(`first use of ${id}`, () => running('sources', id));
      await end('first-use');
    },
    async plugSpeaker(id, description) {
      const properties = `'device.description="${description}" priority.session=3000'`;
      const module = await pactl('load-module', 'module-null-sink', `sink_name=${id}`, `sink_properties=${properties}`);
      await until(`loudspeaker ${id}`, () => lists('sinks', id));
      begin('first-use', 'pacat', ['--playback', `--device=${id}`, '/dev/zero']);
      await until(`first use of ${id}`, () => running('sinks', id));
      await end('first-use');
      return () => pactl('unload-module', module.trim());
    },
    async plugCamera(id, description) {
      begin(id, 'pw-loopback', loopback(id, description, { 'media.class': 'Video/Source', 'media.role': 'Camera' }));
      await until(`camera ${id}`, async () => (await ask('pw-dump')).includes(`"${id}"`));
      return () => end(id);
    },
    async record(id, program) {
      const binary = join(folder, program);
      await copyFile('/usr/bin/pacat', binary);
      begin(program, binary, ['--record', `--device=${id}`, '/dev/null']);
      await until(`${program} recording`, async () => (await pactl('list', 'source-outputs')).includes(`binary = "${program}"`));
      return () => end(program);
    },
  };
}

/** Sockets and the state of WirePlumber are in a separate folder, so that the machine's own sound stays untouched. */
function environment(folder: string): Record<string, string> {
  return {
    XDG_RUNTIME_DIR: folder,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/bus`,
    HOME: join(folder, 'home'),
    XDG_STATE_HOME: join(folder, 'home/state'),
    XDG_CONFIG_HOME: join(folder, 'home/config'),
    LC_ALL: 'C.UTF-8',
  };
}

/** The priority of a real microphone: the session manager prefers it to any monitor. */
const microphone = { 'media.class': 'Audio/Source', 'priority.session': 2000 };

/**
 * A loopback can be unplugged, and a program can play sound into it. No program can play into a null sink of class Audio/Source/Virtual.
 */
export function loopback(id: string, description: string, like: Record<string, string | number> = microphone): string[] {
  const playback = { 'node.name': id, 'node.description': description, ...like };
  const capture = { 'media.class': 'Audio/Sink', 'node.name': `${id}-feed` };
  const channels = ['-n', `${id}-loop`, '-m', 'mono', '-c', '1'];
  return [...channels, `--capture-props=${JSON.stringify(capture)}`, `--playback-props=${JSON.stringify(playback)}`];
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await done().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${what} did not come in ${patienceMs / 1_000} s`);
    await pause(50);
  }
}

/** Resolves when a watch has not called for longer than its debounce time. */
export async function quiet(calls: () => number): Promise<void> {
  for (let before = -1; before !== calls(); ) {
    before = calls();
    await pause(500);
  }
}

async function finish(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await ended;
  clearTimeout(hard);
}
