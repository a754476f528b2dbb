/** Finds where the path to the server breaks: the PC's network, the router, the names, the line, or the server. */
import { type Clock, isLoopback, isThin, links, realClock } from '@sabha/contracts';
import type { CentreAccess, Probe, ProbeContext } from '../../checks/probe.ts';
import { locateBreak, type PathFacts } from '../../link/analysis/path.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import { withDeadline } from '../../link/net/retries.ts';
import type { Gateway, NetworkState } from '../../platform/platform.ts';
import { askNames, type Memory, type Network, type Outside, type OutsideFacts, ownNetwork, probeOutside, unseen } from './beyond.ts';

type PathMemory = Memory & {
  namesUp: number;
  /** Last result of the name lookup while the link is up. `isSilent`: the lookup of the last run had no response. */
  names: PathFacts['names'];
  isSilent: boolean;
  namesWorkedBefore: boolean;
  askedUp: number;
  local: string;
  beyond: OutsideFacts;
};

const everyMs = 60_000;
/** Time limit for the test of the router. The system reports an absent neighbour (ARP, NDP) within 8 s. */
const neighbourMs = 9_000;
/** Time limit for the tests beyond the router, long enough for responses despite heavy packet loss. */
const beyondMs = 12_000;
/** Interval of name lookups while the link is up. Nothing else is tested then. */
const namesEveryMs = 900_000;
const thinNamesEveryMs = 3_600_000;
/** Interval of tests beyond the router on a thin link, which is charged by volume even if only the server is down. */
const thinBeyondEveryMs = 300_000;
const dearestBytes = 20_000;
/** Port for the test of a router. A router that accepts or refuses the connection is alive. */
const routerPort = 53;

/** Creates the path probe. While the link is up it costs one name lookup per interval. It runs at once when the connection is lost. */
export function createPathProbe(clock: Clock = realClock(), operations: Network = ownNetwork): Probe {
  const never = Number.NEGATIVE_INFINITY;
  const memory: PathMemory = {
    namesUp: never,
    names: 'unknown',
    isSilent: false,
    namesWorkedBefore: false,
    askedUp: never,
    local: '',
    beyond: unseen,
    address: undefined,
    servesAll: false,
  };
  return {
    name: 'path',
    everyMs,
    timeoutMs: 20_000,
    runsOnConnectionChange: true,
    async run(context) {
      const { centre, self } = context;
      // Without a known server there is no path to test.
      if (centre === undefined) return answer(unknown('this PC does not know the server'));
      if (isLoopback(centre.host)) return answer(await judgeLocalServer(context, centre, operations));
      const [near, beyond] = [withDeadline(clock, context.signal, neighbourMs), withDeadline(clock, context.signal, beyondMs)];
      const used = (wireBytes: number) => context.budget?.used('tests', wireBytes);
      const stage = { clock, operations, memory, context, near: near.signal, probeOptions: { used, signal: beyond.signal } };
      try {
        const path = await (self.connected === true ? factsOfUp(stage) : factsOfDown(stage));
        return { ...answer(locateBreak(path)), path };
      } finally {
        near.end();
        beyond.end();
      }
    },
  };
}

/** Judges a server that runs on this PC, by the agent's connection or else by the server's port. */
async function judgeLocalServer({ self, signal }: ProbeContext, centre: CentreAccess, { probeTcpPort }: Network): Promise<Verdict> {
  const seen = self.connected === true ? 'proven' : await probeTcpPort(centre, { signal, used: () => undefined }, centre.checkPeer);
  if (seen === 'proven' || seen === 'open') return { ...ok, reason: 'the server is on this PC' };
  return fault('path.centre', 'the server on this PC does not answer');
}

/** `near` is the signal that ends the test of the router. */
type PathProbeContext = Outside & { memory: PathMemory; near: AbortSignal };

async function factsOfUp(stage: PathProbeContext): Promise<PathFacts> {
  const { clock, memory, context } = stage;
  const dueMs = isThin(links[context.profile.link]) ? thinNamesEveryMs : namesEveryMs;
  // A silent name server is tested again at the next run.
  if ((memory.isSilent || clock.up() - memory.namesUp >= dueMs) && hasBudget(context)) {
    const names = await askNames(stage);
    memory.names = names === 'silent' && !memory.isSilent ? 'unknown' : names;
    memory.isSilent = names === 'silent';
    memory.namesUp = clock.up();
  }
  memory.askedUp = Number.NEGATIVE_INFINITY;
  memory.namesWorkedBefore = memory.names === 'answered';
  return { linkUp: true, local: 'on', gateway: 'unknown', ...unseen, names: memory.names, namesWorkedBefore: memory.namesWorkedBefore };
}

async function factsOfDown(stage: PathProbeContext): Promise<PathFacts> {
  const { memory, context, clock } = stage;
  const network = await context.platform.network();
  const state = network.known ? network.value : undefined;
  const local = localOf(state);
  const isOff = local === 'no carrier' || local === 'no way out';
  const [gateway, beyond] = await Promise.all([
    isOff ? ('unknown' as const) : gatewayOf(stage, state),
    isOff ? unseen : outsideFacts(stage, JSON.stringify(state)),
  ]);
  memory.names = beyond.names === 'silent' ? 'unknown' : beyond.names;
  memory.isSilent = beyond.names === 'silent';
  memory.namesWorkedBefore &&= beyond.names !== 'answered';
  memory.namesUp = clock.up();
  return { linkUp: false, local, gateway, ...beyond, namesWorkedBefore: memory.namesWorkedBefore };
}

function localOf(state: NetworkState | undefined): PathFacts['local'] {
  if (state === undefined) return 'unknown';
  if (state.interfaces.length === 0) return 'no carrier';
  return state.hasAddress && state.hasWayOut ? 'on' : 'no way out';
}

/** Judges all routers of this PC. One living router is enough if none is dead, because the route to the server is unknown. */
async function gatewayOf(stage: PathProbeContext, state: NetworkState | undefined): Promise<PathFacts['gateway']> {
  if (state === undefined) return 'unknown';
  if (state.gateways.length === 0) return 'none';
  const all = await Promise.all(state.gateways.map((gateway) => isAlive(stage, gateway)));
  if (all.every((one) => one === false)) return 'dead';
  return all.includes(true) && !all.includes(false) ? 'answers' : 'unknown';
}

/**
 * Returns whether a router is alive; null if unknown. A connection attempt makes the system resolve the router's address (ARP, NDP). A
 * router that cannot be resolved is dead. A router that resolves but drops the connection is alive. No packet leaves this network.
 */
async function isAlive({ operations, context, near }: PathProbeContext, gateway: Gateway): Promise<boolean | null> {
  const probeTcpPort = () => operations.probeTcpPort({ host: gateway.address, port: routerPort }, { signal: near, used: () => undefined });
  const first = await probeTcpPort();
  // The system reports a missing neighbour after three requests. Two attempts make six.
  const knocked = first === 'unreachable' ? await probeTcpPort() : first;
  if (knocked !== 'silent') return knocked !== 'unreachable';
  return (await context.platform.isNeighbourReachable(gateway)) === false ? false : null;
}

async function outsideFacts(stage: PathProbeContext, local: string): Promise<OutsideFacts> {
  const { clock, memory, context } = stage;
  const isRecent = isThin(links[context.profile.link]) && memory.local === local && clock.up() - memory.askedUp < thinBeyondEveryMs;
  if (isRecent) return memory.beyond;
  if (!hasBudget(context)) return unseen;
  Object.assign(memory, { beyond: await probeOutside(stage), askedUp: clock.up(), local });
  return memory.beyond;
}

function hasBudget({ budget }: ProbeContext): boolean {
  return budget?.hasRoom(dearestBytes) ?? true;
}

function answer(verdict: Verdict) {
  return { checks: [{ component: 'path', device: '', ...verdict }] };
}
