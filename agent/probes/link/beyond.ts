/**
 * Tests the path beyond the router: it looks up names, and connects to the server and to anchors, which are other hosts of the profile.
 * All tests run in parallel until the server has proven its identity or the time is over.
 */
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { type Clock, isLoopback, isThin, links } from '@sabha/contracts';
import type { CentreAccess, ProbeContext } from '../../checks/probe.ts';
import type { PathFacts, ServerResponse } from '../../link/analysis/path.ts';
import {
  addressOf,
  type CheckPeer,
  type HostPort,
  isLocalAddress,
  type Lookup,
  lookUpName,
  nameServers,
  type PortState,
  type ProbeOptions,
  probeTcpPort,
  resolvesZone,
} from '../../link/net/reach.ts';
import { type Repeated, type RepeatOptions, repeatRequest, type Tally, withDeadline } from '../../link/net/retries.ts';

/** Network operations of the tests; unit tests replace them. */
export type Network = {
  probeTcpPort: typeof probeTcpPort;
  lookUpName: typeof lookUpName;
  addressOf: typeof addressOf;
  resolvesZone: typeof resolvesZone;
  nameServers(): string[];
  isLocalAddress(address: string): boolean;
};
export const ownNetwork: Network = { probeTcpPort, lookUpName, addressOf, resolvesZone, nameServers, isLocalAddress };

export type OutsideFacts = Pick<PathFacts, 'names' | 'centreName' | 'outside' | 'centre' | 'losesPackets'>;
/** Facts kept between runs: the server's last address, and whether the name servers ever answered for names outside their network. */
export type Memory = { address: string | undefined; servesAll: boolean };
/** `probeOptions` counts the bytes of the requests and contains the signal that ends them. */
export type Outside = { clock: Clock; operations: Network; memory: Memory; context: ProbeContext; probeOptions: ProbeOptions };

/** Result if nothing was tested. */
export const unseen: OutsideFacts = { names: 'unknown', centreName: 'unknown', outside: 'unknown', centre: 'unknown', losesPackets: false };

/** Top-level domain of the random names that are looked up. Only a name server with a way to the root servers can deny them. */
const randomNameDomain = 'in';
const namePort = 53;
/** Second port for tests of the server's machine, because most firewalls allow it. */
const commonPort = 443;
/** HTTP port, at which a captive portal answers in place of every host. */
const pagePort = 80;
const triesEveryMs = 800;
/** Interval between two attempts on a thin link, which is charged by volume and has long round trips. */
const thinTriesEveryMs = 2_500;
/** Time limit for looking up the server's name. After it, the server's last known address is used. */
const nameMs = 4_000;
const nameAloneMs = 8_000;
const hostsFileMs = 1_000;
/** If the server is silent for this long, other ports of its machine are tested, and names that only outside servers can answer. */
const laterMs = 2_500;
const sampleMs = 4_000;
const sampleEveryMs = 200;
/** Least number of refused connections that count as a result. A single one may come from a server that is starting. */
const refusalsToBelieve = 2;
const unreachablesToBelieve = 3;
const lossToTell = { atLeast: 3, share: 0.25 };

/** Tests everything beyond the router. Guarantee: it reports a host as silent only after many requests. */
export async function probeOutside(stage: Outside): Promise<OutsideFacts> {
  const { clock, context, memory } = stage;
  const startedUp = clock.up();
  let areNamesAlone = false;
  const strangers = probeRandomNames(stage, () => areNamesAlone);
  const places = context.centre?.anchors ?? [];
  const anchors = places.map((place) => ({ port: place.port, asked: askPlace(stage, place) }));
  const atItsPort = askAtItsPort(stage, places);
  const servers = askServers(stage, strangers);
  const zone = askZone(stage);
  const named = await nameOfCentre(stage);
  const centre = await probeServer(stage, named.address);
  const needsNames = named.centreName !== 'found' || memory.servesAll;
  if (centre.seen === 'proven') remember(stage, named.address);
  areNamesAlone = centre.seen === 'proven' || centre.seen === 'open';
  if (areNamesAlone) await (needsNames && strangers.first);
  // If the server is slow to prove its identity, packets may be lost, so the loss is measured.
  const isSlow = centre.seen === 'proven' && clock.up() - startedUp > laterMs;
  const sample = isSlow ? await sampleOf(stage, named, strangers) : named.tally;
  if (isSilent(centre.seen)) await firstOfAll(strangers, { anchors, servers });
  const outside = [...anchors, ...atItsPort, ...servers].map(({ port, asked }) => ({ port, ...reachable(asked.stop()) }));
  const [heardOfNames, heardOfZone] = [strangers.stop(), zone.stop()];
  const names = judgeNames(stage, heardOfNames, named);
  const isNamed = isFromBeyond(stage, { names: heardOfNames, zone: heardOfZone });
  return {
    names,
    centreName: sample.responses.some(({ kind }) => kind === 'found') ? 'found' : named.centreName,
    outside: reachedOf(outside, context.centre?.port) ?? (isNamed ? 'names' : hasAsked(places, names) ? 'silent' : 'unknown'),
    centre: centre.seen,
    losesPackets: hasLoss([alive(heardOfNames), alive(sample), centre.tally, ...outside]) || mayHideLoss(names, centre),
  };
}

/**
 * Waits for the first response of each test. If names are answered, it does not wait for connections to name servers: they would prove
 * nothing more.
 */
async function firstOfAll(strangers: Repeated<Lookup>, { anchors, servers }: Record<'anchors' | 'servers', OutsideProbe[]>): Promise<void> {
  await strangers.first;
  const awaited = isServed(strangers) ? anchors : [...anchors, ...servers.filter(({ port }) => port === namePort)];
  await Promise.all(awaited.map(({ asked }) => asked.first));
}

/** Classifies which ports beyond the router answered. A firewall may allow only the names, or all ports but the server's. */
function reachedOf(
  outside: readonly { port: number; responses: readonly PortState[] }[],
  ofCentre: number | undefined,
): 'reached' | 'elsewhere' | 'names' | undefined {
  const ports = outside.filter(({ responses }) => responses.length > 0).map(({ port }) => port);
  if (ports.length === 0) return undefined;
  if (ports.some((port) => port === ofCentre && port !== namePort)) return 'reached';
  return ports.every((port) => port === namePort) ? 'names' : 'elsewhere';
}

/** Returns whether an anchor could be tested. An anchor with a host name can be tested only if names are answered. */
function hasAsked(anchors: readonly HostPort[], names: PathFacts['names']): boolean {
  return anchors.some(({ host }) => names === 'answered' || isIP(host) !== 0);
}

/** Looks up names until one is answered, and tests nothing else. */
export async function askNames(stage: Outside): Promise<PathFacts['names']> {
  const strangers = probeRandomNames(stage);
  const named = await nameOfCentre(stage);
  // The link to the server is up, so the address of its name is valid and can be stored.
  if (named.isNamed) remember(stage, named.address);
  if (!named.isNamed || stage.memory.servesAll) await strangers.first;
  return judgeNames(stage, strangers.stop(), named);
}

/**
 * Looks up random names. If no other test runs (`isAlone`), even a thin link uses the normal interval, because only this test detects a
 * silent name server.
 */
function probeRandomNames(stage: Outside, isAlone = () => false): Repeated<Lookup> {
  const { operations, probeOptions } = stage;
  const pace = paceOf(stage);
  const everyMs = () => (isAlone() ? triesEveryMs : pace.everyMs());
  return repeatRequest({ ...pace, everyMs }, () =>
    answered(operations.lookUpName(`${randomBytes(6).toString('hex')}.${randomNameDomain}`, probeOptions)),
  );
}

/**
 * Judges the name servers. A name server that knows only the Sabha server's name is limited to its own network, which is no fault.
 * A name server that also refuses that name is a router without a line to its own name servers.
 */
function judgeNames(
  { operations, memory }: Outside,
  { responses }: Tally<Lookup>,
  { isNamed, centreName }: NameResult,
): PathFacts['names'] {
  const kinds = responses.map(({ kind }) => kind);
  if (kinds.includes('none') || kinds.includes('found')) {
    memory.servesAll = true;
    return 'answered';
  }
  // Without a configured name server the resolver uses loopback.
  const isSet = kinds.includes('failed') || kinds.includes('refused') || !operations.nameServers().every(isLoopback);
  const isOwn = (isNamed || (kinds.includes('refused') && centreName !== 'missing')) && !memory.servesAll;
  return !isSet || isOwn ? 'unknown' : 'silent';
}

/**
 * Returns whether a name server has answered from beyond the router. If the name server is in this network, only a denied random name
 * together with the SOA record of its zone proves that.
 */
function isFromBeyond({ operations }: Outside, { names, zone }: { names: Tally<Lookup>; zone: Tally<true> }): boolean {
  const kinds = names.responses.map(({ kind }) => kind);
  if (operations.nameServers().some(operations.isLocalAddress)) return kinds.includes('none') && zone.responses.length > 0;
  return kinds.some((kind) => kind !== 'closed');
}

/** Requests the SOA record of the top-level domain. It begins after the Sabha server was silent for `laterMs`. */
function askZone(stage: Outside): Repeated<true> {
  const { operations, probeOptions } = stage;
  return repeatRequest(
    { ...paceOf(stage), waits: untilLater(stage) },
    async () => (await operations.resolvesZone(randomNameDomain, probeOptions)) || undefined,
  );
}

function untilLater({ clock }: Outside): () => boolean {
  const fromUp = clock.up() + laterMs;
  return () => clock.up() < fromUp;
}

/**
 * Repeats the lookup of a name often enough to measure packet loss. The name must be answered, or lost while other names are answered.
 */
async function sampleOf(stage: Outside, named: NameResult, strangers: Repeated<Lookup>): Promise<Tally<Lookup>> {
  if (!named.isNamed && (named.tally.lost === 0 || !isServed(strangers))) return named.tally;
  const { clock, operations, context, probeOptions } = stage;
  const host = context.centre?.host ?? '';
  const asked = repeatRequest({ clock, everyMs: () => sampleEveryMs, signal: probeOptions.signal }, () =>
    answered(operations.lookUpName(host, probeOptions)),
  );
  await new Promise<void>((resolve) => void clock.after(sampleMs, resolve));
  return asked.stop();
}

type NameResult = { centreName: PathFacts['centreName']; address: string | undefined; isNamed: boolean; tally: Tally<Lookup> };

/** Looks up the server's name. `isNamed`: a name server returned it. If the lookup fails, the last known address is used. */
async function nameOfCentre(stage: Outside): Promise<NameResult> {
  const { clock, operations, memory, context, probeOptions } = stage;
  const host = context.centre?.host ?? '';
  const none = { responses: [], lost: 0 };
  if (isIP(host) !== 0 || host === '') return { centreName: 'unknown', address: host || undefined, isNamed: false, tally: none };
  memory.address ??= readAddress(context.centre);
  const { signal, end } = withDeadline(clock, probeOptions.signal, memory.address === undefined ? nameAloneMs : nameMs);
  const isEnough = (responses: readonly Lookup[]) => responses.length > 1 || responses[0]?.kind === 'found';
  const looked = repeatRequest({ ...paceOf(stage), signal, isEnough }, () =>
    answered(operations.lookUpName(host, { used: probeOptions.used, signal })),
  );
  await looked.first;
  const tally = looked.stop();
  end();
  const found = tally.responses.find((one) => one.kind === 'found');
  const address = found?.address ?? (await byHostsFile(stage, host));
  const isFound = address !== undefined;
  return { centreName: isFound ? 'found' : 'missing', address: address ?? memory.address, isNamed: found !== undefined, tally };
}

/** Looks up the name by the system's resolver, which reads the hosts file and other sources. */
async function byHostsFile({ clock, operations, probeOptions }: Outside, host: string): Promise<string | undefined> {
  const { signal, end } = withDeadline(clock, probeOptions.signal, hostsFileMs);
  return operations.addressOf(host, { used: probeOptions.used, signal }).finally(end);
}

type ServerObservation = { seen: ServerResponse; tally: Tally<PortState>; tookMs: number };

/** Tests the server. Guarantee: `proven` only if it showed the server's certificate. */
async function probeServer(stage: Outside, host: string | undefined): Promise<ServerObservation> {
  const { clock, operations, context, probeOptions } = stage;
  const { port = 0, checkPeer, httpsPort } = context.centre ?? {};
  if (host === undefined) return { seen: 'unknown', tally: { responses: [], lost: 0 }, tookMs: 0 };
  const startedUp = clock.up();
  let [isOpen, isUnreachable] = [false, false];
  const greeting: CheckPeer | undefined =
    checkPeer &&
    ((socket) => {
      isOpen = true;
      return checkPeer(socket);
    });
  const trying: RepeatOptions<PortState> = { ...paceOf(stage), isEnough: isClear, waits: () => isOpen };
  const asked = repeatRequest(trying, async () => {
    const knocked = await operations.probeTcpPort({ host, port }, probeOptions, greeting);
    isOpen = isOpen && knocked === 'mute';
    isUnreachable ||= knocked === 'unreachable';
    return knocked === 'silent' ? undefined : knocked;
  });
  const isEarly = untilLater(stage);
  const waits = () => isOpen || (isEarly() && !isUnreachable);
  const others = [...new Set([commonPort, pagePort, httpsPort ?? commonPort])].map((other) =>
    askPlace(stage, { host, port: other }, waits),
  );
  await asked.first;
  const { responses, lost } = asked.stop();
  // The other ports show whether only this port or the whole machine is unreachable.
  if (responses.every((one) => one === 'unreachable')) await Promise.all(others.map(({ first }) => first));
  const heardOther = others.flatMap((one) => one.stop().responses);
  const hasOther = heardOther.some((one) => one !== 'unreachable');
  const said = order.find((one) => responses.includes(one));
  // Routers limit the rate of their "unreachable" messages, so one message for any port is enough.
  const byRouter = isUnreachable || heardOther.length > 0 ? 'unreachable' : 'silent';
  const seen = said ?? (isOpen ? 'mute' : hasOther ? 'other port' : byRouter);
  return { seen, tally: reachable({ responses: isOpen ? [...responses, 'mute'] : responses, lost }), tookMs: clock.up() - startedUp };
}

/** Observations of the server by the strength of their evidence, the strongest first. */
const order = ['proven', 'stranger', 'undated', 'open', 'ended', 'refused', 'mute'] as const;

function isClear(responses: readonly PortState[]): boolean {
  const count = (kind: PortState) => responses.filter((one) => one === kind).length;
  if (responses.some((one) => one === 'proven' || one === 'stranger' || one === 'undated' || one === 'open')) return true;
  return count('ended') + count('refused') >= refusalsToBelieve || count('unreachable') >= unreachablesToBelieve;
}

function isSilent(seen: ServerResponse): boolean {
  return seen === 'mute' || seen === 'other port' || seen === 'unreachable' || seen === 'silent' || seen === 'unknown';
}

/** A running test of a host beyond the router, at this port. */
type OutsideProbe = { port: number; asked: Repeated<PortState> };

/**
 * Tests the anchors at the server's port, if the server is silent. An anchor that answers at another port does not prove that the
 * network lets the server's port through. Any response counts, even a refusal.
 */
function askAtItsPort(stage: Outside, anchors: readonly HostPort[]): OutsideProbe[] {
  const { port = 0 } = stage.context.centre ?? {};
  const others = anchors.filter((place) => place.port !== port);
  return others.map(({ host }) => ({ port, asked: askPlace(stage, { host, port }, untilLater(stage)) }));
}

/**
 * Tests name servers outside this network. Without answered names: do they accept a connection?
 * With answered names: can a machine other than the server be reached at the server's port?
 */
function askServers(stage: Outside, strangers: Repeated<Lookup>): OutsideProbe[] {
  const { operations, context } = stage;
  const isEarly = untilLater(stage);
  const servers = operations.nameServers().filter((address) => isIP(address) !== 0 && !operations.isLocalAddress(address));
  const ask = (port: number, waits: () => boolean) =>
    servers.map((host) => ({ port, asked: askPlace(stage, { host, port }, () => isEarly() || waits()) }));
  return [...ask(namePort, () => isServed(strangers)), ...ask(context.centre?.port ?? 0, () => !isServed(strangers))];
}

function isServed({ responses }: Repeated<Lookup>): boolean {
  return responses.some(({ kind }) => kind !== 'closed');
}

function askPlace(stage: Outside, place: HostPort, waits?: () => boolean): Repeated<PortState> {
  const isEnough = (responses: readonly PortState[]) =>
    responses.some((one) => one !== 'unreachable') || responses.length >= unreachablesToBelieve;
  return repeatRequest({ ...paceOf(stage), isEnough, ...(waits && { waits }) }, async () => {
    const knocked = await stage.operations.probeTcpPort(place, stage.probeOptions);
    return knocked === 'silent' ? undefined : knocked;
  });
}

/** Removes the ICMP errors of routers, because they are not responses of the tested host. */
function reachable({ responses, lost }: Tally<PortState>): Tally<PortState> {
  return { responses: responses.filter((one) => one !== 'unreachable'), lost };
}

async function answered(looking: Promise<Lookup>): Promise<Lookup | undefined> {
  const looked = await looking;
  return looked.kind === 'silent' ? undefined : looked;
}

/** Removes "port closed" responses, which a machine without a name server sends at no cost. */
function alive({ responses, lost }: Tally<Lookup>): Tally<Lookup> {
  return { responses: responses.filter(({ kind }) => kind !== 'closed'), lost };
}

/** Returns whether enough packets were lost. A host that never answers does not count, because its loss is unknown. */
function hasLoss(tallies: readonly Tally<unknown>[]): boolean {
  const answering = tallies.filter(({ responses }) => responses.length > 0);
  const sum = (count: (tally: Tally<unknown>) => number) => answering.reduce((total, one) => total + count(one), 0);
  const [lost, responses] = [sum((one) => one.lost), sum((one) => one.responses.length)];
  return lost >= lossToTell.atLeast && lost >= lossToTell.share * (lost + responses);
}

/** TCP resends lost packets. A slow proof of the server by TLS, together with silent names, therefore points to packet loss. */
function mayHideLoss(names: PathFacts['names'], { seen, tookMs }: ServerObservation): boolean {
  return names === 'silent' && seen === 'proven' && tookMs > laterMs;
}

function paceOf({ clock, context, probeOptions }: Outside): Pick<RepeatOptions<never>, 'clock' | 'everyMs' | 'signal'> {
  return { clock, everyMs: () => (isThin(links[context.profile.link]) ? thinTriesEveryMs : triesEveryMs), signal: probeOptions.signal };
}

/** Returns the stored address of the server; undefined if the address was stored for another host name, before a new enrolment. */
function readAddress(centre: CentreAccess | undefined): string | undefined {
  const [name, address = ''] = centre?.lastAddress?.load()?.trim().split(' ') ?? [];
  return name === centre?.host && isIP(address) !== 0 ? address : undefined;
}

function remember({ memory, context: { centre } }: Outside, address: string | undefined): void {
  if (address === undefined || centre === undefined || isIP(centre.host) !== 0 || memory.address === address) return;
  memory.address = address;
  if (readAddress(centre) !== address) centre.lastAddress?.save(`${centre.host} ${address}\n`);
}
