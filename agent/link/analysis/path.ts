/** Locates the break on the network path to the server, from observations of each part of the path. */
import type { Status, Vocabulary } from '@sabha/contracts';
import { fault, ok, unknown, type Verdict } from './verdict.ts';

/**
 * Response at the address of the server:
 * - `proven`: the peer showed the certificate of the server.
 * - `open`: a connection is open, and this PC cannot verify its peer.
 * - `ended`, `mute`: the connection was closed, or stayed silent, before any certificate.
 * - `other port`: the port of the server is silent, but another port responds.
 * - `unreachable`: no response, but a host on the path reports the server as unreachable.
 */
export type ServerResponse =
  | 'proven'
  | 'open'
  | 'stranger'
  | 'undated'
  | 'ended'
  | 'refused'
  | 'mute'
  | 'other port'
  | 'unreachable'
  | 'silent'
  | 'unknown';

/** Observations of each part of the path to the server. Each silent part was probed several times. */
export type PathFacts = {
  /** True if the MQTT connection to the server is up, which proves the whole path. */
  linkUp: boolean;
  /**
   * Local network. `on`: an interface has a carrier, an address and a route. `no way out`: it has a carrier, but no address or no route.
   */
  local: 'on' | 'no carrier' | 'no way out' | 'unknown';
  /** Router of this network. `none`: the route uses no router, as with a modem. */
  gateway: 'answers' | 'dead' | 'none' | 'unknown';
  /** Response of a name server to a query that no cache can answer. `unknown` also means that it never responded. */
  names: 'answered' | 'silent' | 'unknown';
  /** Result of resolving the server's name. `unknown` also if the settings contain its IP address. */
  centreName: 'found' | 'missing' | 'unknown';
  /**
   * Hosts behind the router: an anchor host of the settings, or a name server outside this network. `reached`: responds on the port of the
   * server; `elsewhere`: on another port. `names`: only DNS works. Captive portals and firewalls may pass DNS or some ports, and block the
   * rest.
   */
  outside: 'reached' | 'elsewhere' | 'names' | 'silent' | 'unknown';
  centre: ServerResponse;
  /** A host on the path responds, but many probes to it were lost. */
  losesPackets: boolean;
  /** The name servers worked while the link was last up, and have not worked since it went down. */
  namesWorkedBefore: boolean;
};

export type PathVerdict = Verdict<PathFault>;
/**
 * Parts of the path that can break, in order from this PC to the server. `path.between` names no part; its reason says what was observed.
 */
export type PathFault = 'path.local' | 'path.gateway' | 'path.dns' | 'path.last_mile' | 'path.centre' | 'path.between';

const lost = 'packets get lost on the way';
const noServer = 'no name server answers';
const silentAtLast = 'no name server answers, and the server is silent at its last address';
const notKnownThere = 'the name server does not know the name of the server';
const prohibited = 'a router or a firewall on the way says that it cannot be reached';
const onlyElsewhere = 'others answer, but not at its port: the server is off, or something on the way stops that port';
const onlyNames = 'only names are answered: the server is off, or something on the way stops all else';

/** The server responds, but its certificate is not valid at the time that the clock of this PC shows. */
export const certificateDatesReason = 'the dates of its certificate do not fit the clock of this PC';

/** Server responses that show a cause somewhere on the path, with the text for people. */
const answers: Partial<Record<ServerResponse, string>> = {
  stranger: 'something else answers in its place',
  undated: certificateDatesReason,
  ended: 'it, or something on the way, ends the connection at once',
  refused: 'it, or a firewall on the way, refuses the connection',
};
/** Server responses that packet loss would explain equally well, with the text for people. */
const silences: Partial<Record<ServerResponse, string>> = {
  mute: 'the connection opens, but no answer comes',
  'other port': 'something answers at its address, but not at its port',
};

/**
 * Returns the first broken part of the path, seen from this PC.
 * Guarantee: it reports a fault only for a part that was observed as broken. If several parts may be broken, it names none.
 */
export function locateBreak(facts: PathFacts): PathVerdict {
  const { linkUp, local, gateway, centre, outside, losesPackets } = facts;
  if (linkUp || centre === 'proven') return judgeWorkingPath(facts);
  if (local === 'no carrier') return fault('path.local', 'no cable and no Wi-Fi');
  if (local === 'no way out') return fault('path.local', 'no address from the network');
  const seen = answers[centre] ?? (losesPackets ? lost : silences[centre]);
  if (seen !== undefined) return fault('path.between', seen);
  if (centre === 'open') return judgeUnverified(facts);
  if (isBeyond(outside)) return judgeBeyondRouter(facts);
  return gateway === 'dead' ? fault('path.gateway') : judgeLine(facts);
}

/** Judges packet loss first, because loss explains any missing response. */
function judgeWorkingPath({ linkUp, names, centreName, losesPackets }: PathFacts): PathVerdict {
  if (losesPackets) return fault('path.between', lost);
  if (names === 'silent') return fault('path.dns', noServer);
  return !linkUp && centreName === 'missing' ? fault('path.dns', notKnownThere) : ok;
}

function judgeUnverified({ names, centreName }: PathFacts): PathVerdict {
  if (names === 'silent' && centreName !== 'found') return fault('path.dns', noServer);
  return unknown('without a certificate it is not known whether this is the server');
}

function judgeBeyondRouter({ names, centreName, outside, centre }: PathFacts): PathVerdict {
  // The name servers and the server are silent while another host responds, so the break cannot be located.
  if (names === 'silent' && isSilent(centre)) return fault('path.between');
  if (centreName === 'missing') return fault('path.dns', names === 'silent' ? noServer : notKnownThere);
  // A firewall sends the same message as a router whose target machine is missing.
  if (centre === 'unreachable') return fault('path.between', prohibited);
  if (centre !== 'silent') return unknown('this PC does not know the server');
  return outside === 'reached' ? fault('path.centre') : fault('path.between', outside === 'names' ? onlyNames : onlyElsewhere);
}

function isBeyond(outside: PathFacts['outside']): boolean {
  return outside !== 'silent' && outside !== 'unknown';
}

/**
 * Judges a path on which nothing beyond the router responded. One silent host may itself be down. Silent name servers also explain a silent
 * server, because its address may have changed. If two of them fell silent at the same time, the line is broken.
 */
function judgeLine({ gateway, names, outside, centre, centreName, namesWorkedBefore }: PathFacts): PathVerdict {
  if (gateway === 'unknown') return unknown('the router could not be asked');
  const isGone = isSilent(centre) && (centreName !== 'missing' || namesWorkedBefore);
  if ([names === 'silent', outside === 'silent', isGone].filter(Boolean).length > 1) return fault('path.last_mile');
  if (names === 'silent') return unknown(isSilent(centre) ? silentAtLast : 'no name server answers, and nothing else could be asked');
  return unknown(isSilent(centre) ? 'only the server could be asked' : 'nothing could be asked');
}

function isSilent(centre: ServerResponse): boolean {
  return centre === 'silent' || centre === 'unreachable';
}

export type PathStep = { layer: keyof Vocabulary['layer']; status: Status };

/**
 * Returns the path as steps from the network to the server.
 * Guarantee: a step is ok only if it was seen to work. It is broken only if the verdict names it. If two parts fell silent together,
 * neither is broken.
 */
export function stepsOf(facts: PathFacts, beside: { clock: Status; certificate: Status }): PathStep[] {
  const { centre } = facts;
  const isProven = facts.linkUp || centre === 'proven';
  const isShown = isProven || centre === 'undated';
  const isReached = isShown || isBeyond(facts.outside);
  const broken = brokenOf(facts);
  const step = (layer: PathStep['layer'], isSeen: boolean): PathStep => ({
    layer,
    status: broken === layer ? 'fault' : isSeen ? 'ok' : 'unknown',
  });
  const [certificate, clock] = [step('certificate', isProven && beside.certificate === 'ok'), step('clock', beside.clock === 'ok')];
  return [
    step('network', isReached || facts.local === 'on'),
    step('router', isReached || facts.gateway === 'answers'),
    step('line', isReached),
    step('names', facts.names === 'answered' || facts.centreName === 'found'),
    step('port', isShown || connectedResponses.includes(centre)),
    step('tls', isShown),
    beside.certificate === 'fault' ? { ...certificate, status: 'fault' } : certificate,
    beside.clock === 'fault' ? { ...clock, status: 'fault' } : clock,
  ];
}

/** Server responses that need an open TCP connection. */
const connectedResponses: readonly ServerResponse[] = ['open', 'stranger', 'ended', 'mute'];

const layerOf: Partial<Record<PathFault, PathStep['layer']>> = {
  'path.local': 'network',
  'path.gateway': 'router',
  'path.last_mile': 'line',
  'path.dns': 'names',
  'path.centre': 'port',
};
const layerOfSeen: Partial<Record<ServerResponse, PathStep['layer']>> = {
  stranger: 'certificate',
  undated: 'clock',
  ended: 'tls',
  mute: 'tls',
  refused: 'port',
  'other port': 'port',
  unreachable: 'port',
  silent: 'port',
};

function brokenOf(facts: PathFacts): PathStep['layer'] | undefined {
  const verdict = locateBreak(facts);
  if (verdict.fault !== 'path.between') return verdict.fault === null ? undefined : layerOf[verdict.fault];
  if (verdict.reason === null) return undefined;
  return verdict.reason === lost ? 'line' : layerOfSeen[facts.centre];
}
