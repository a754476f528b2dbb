/** Two network namespaces joined by a link of known rate, bucket and queue: the true values for a measurement. */
import { spawnSync } from 'node:child_process';
import { type Program, startProgram } from '../system/processes.ts';

/** The rate counts whole Ethernet frames. `peakBps` is the rate of the burst; absent: unlimited. */
export type Shape = { bps: number; bucketBytes: number; queueBytes: number; peakBps?: number };
/** A policer behind the link: passes so many packets of a packet train in a second, with a burst, and drops the others. */
export type Police = { packetsPerSecond: number; atOnce: number };
export type End = 'pc' | 'centre';

export type ShapedLink = {
  address: string;
  shape(shape: Shape, police?: Police): void;
  start(end: End, command: { program: string; args: string[]; env?: Record<string, string | undefined> }): Program;
  remove(): void;
};

const network = '10.203.91';

export function canShape(): boolean {
  if (process.getuid?.() !== 0 || spawnSync('tc', ['-V']).status !== 0 || spawnSync('nft', ['-v']).status !== 0) return false;
  try {
    const link = createShapedLink('try');
    link.shape({ bps: 1e6, bucketBytes: 3_000, queueBytes: 10_000 });
    link.remove();
    return true;
  } catch {
    return false;
  }
}

export function createShapedLink(name: string): ShapedLink {
  const spaces: Record<End, string> = { pc: `sabha-${name}-${process.pid}-p`, centre: `sabha-${name}-${process.pid}-c` };
  const remove = () => {
    for (const space of Object.values(spaces)) spawnSync('ip', ['netns', 'delete', space]);
  };
  try {
    for (const space of Object.values(spaces)) run('ip', 'netns', 'add', space);
    run('ip', 'link', 'add', 'line', 'netns', spaces.pc, 'type', 'veth', 'peer', 'name', 'line', 'netns', spaces.centre);
    for (const [at, space] of Object.values(spaces).entries()) {
      run('ip', '-n', space, 'address', 'add', `${network}.${at + 1}/24`, 'dev', 'line');
      for (const device of ['lo', 'line']) run('ip', '-n', space, 'link', 'set', device, 'up');
      // Switches segmentation offload off: its large segments would pass the simulated token bucket, which real lines do not permit.
      run('ip', 'netns', 'exec', space, 'ethtool', '-K', 'line', 'tso', 'off', 'gso', 'off', 'gro', 'off');
    }
  } catch (error) {
    remove();
    throw error;
  }
  return {
    address: `${network}.2`,
    shape(shape, police) {
      for (const space of Object.values(spaces)) {
        spawnSync('tc', ['-n', space, 'qdisc', 'del', 'dev', 'line', 'root']);
        run('tc', '-n', space, 'qdisc', 'add', 'dev', 'line', 'root', ...bucketOf(shape));
        spawnSync('ip', ['netns', 'exec', space, 'nft', 'delete', 'table', 'ip', 'police']);
        if (police !== undefined) run('ip', 'netns', 'exec', space, 'nft', policeOf(police));
      }
    },
    start: (end, { program, args, env = {} }) =>
      startProgram({ program: 'ip', args: ['netns', 'exec', spaces[end], program, ...args], env: { PATH: process.env['PATH'], ...env } }),
    remove,
  };
}

export function bucketOf({ bps, bucketBytes, queueBytes, peakBps }: Shape): string[] {
  const peak = peakBps === undefined ? [] : ['peakrate', `${Math.round(peakBps)}bit`, 'mtu', '1540'];
  return ['tbf', 'rate', `${Math.round(bps)}bit`, 'burst', `${bucketBytes}`, 'limit', `${bucketBytes + queueBytes}`, ...peak];
}

/**
 * Returns the rules of `nft` for a policer. It counts packets, because not every kernel can limit by bytes. Small request packets always
 * pass.
 */
export function policeOf({ packetsPerSecond, atOnce }: Police): string {
  const limit = `limit rate over ${packetsPerSecond}/second burst ${atOnce} packets`;
  return `add table ip police; add chain ip police c { type filter hook input priority 0; }; add rule ip police c udp length > 1000 ${limit} drop`;
}

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
}
