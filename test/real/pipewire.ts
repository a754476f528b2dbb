/** A real desktop's sound without a desktop: D-Bus, PipeWire, WirePlumber and their PulseAudio door, in a folder of their own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What must be installed: on Debian pipewire, pipewire-bin, pipewire-pulse, wireplumber, pulseaudio-utils, dbus-daemon. */
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
  /** Makes a program, or the agent's platform, use this desktop's sound. */
  env: Record<string, string>;
  /**
   * Plugs in a virtual microphone and waits until the sound server lists it. It is recorded from for a moment,
   * since a virtual device does not show its mute and volume before its first use; a real one does.
   */
  plug(id: string, description?: string): Promise<void>;
  /** Plugs in a virtual loudspeaker, and plays to it for a moment, for the same reason. The result pulls it out. */
  plugSpeaker(id: string, description: string): Promise<() => Promise<unknown>>;
  /** Makes what PipeWire lists as a camera of its own, as a built-in one of libcamera: it has no picture. The result takes it away. */
  plugCamera(id: string, description: string): Promise<() => Promise<void>>;
  /** Pulls a microphone out: the process behind it ends, and the sound server notices that by itself; returns when it lists it no more. */
  unplug(id: string): Promise<void>;
  /** Returns when a watch, which has called so often, has told of a change that was made for it: from now on it misses none. */
  heardBy(calls: () => number): Promise<void>;
  /** `pactl`, as a person would use it: set-source-mute, set-source-volume, set-default-source. Returns what it printed. */
  pactl(...args: string[]): Promise<string>;
  /** Another program that records from a microphone; the result ends it. `program` is the name of its binary. */
  record(id: string, program: string): Promise<() => Promise<void>>;
  /** Stops one of the services, as a crash does. */
  kill(service: Service): Promise<void>;
  /** The service stands still and answers nobody, until it is thawed or killed. */
  freeze(service: Service): void;
  /** A frozen service goes on. */
  thaw(service: Service): void;
  /** Ends all that was started and removes the folder. */
  stop(): Promise<void>;
};

/** A limit, not a wait: what never comes is told by its name. */
const patienceMs = 30_000;
const run = promisify(execFile);

/** Starts the services and returns when the sound server answers. No device is plugged in yet. */
export async function startDesktop(): Promise<Desktop> {
  const folder = await mkdtemp(join(tmpdir(), 'sabha-sound-'));
  const env = environment(folder);
  // The second: whoever makes it first, of the server and of those who ask for it, makes the other one end.
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
  // A socket stands in the folder a moment before anybody listens at it.
  const listens = (socket: string) => async () => {
    const caller = connect(join(folder, socket));
    await once(caller, 'connect').finally(() => caller.destroy());
    return true;
  };
  try {
    // WirePlumber ends where nobody listens yet, and then no device would ever be chosen.
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

/** A folder of its own for sockets and for what WirePlumber remembers: nothing of this machine's own sound is touched. */
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

/** As a real one: the session manager chooses it before any monitor. */
const microphone = { 'media.class': 'Audio/Source', 'priority.session': 2000 };

/** A loopback, since it can be unplugged and fed; a null sink of class Audio/Source/Virtual cannot be fed. */
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

/** Returns when a watch has called no more for longer than it gathers events. */
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
