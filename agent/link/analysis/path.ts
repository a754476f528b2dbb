/** Where the way to the centre breaks, decided from what was seen of each part of it. */
import type { Status, Vocabulary } from '@sabha/contracts';
import { fault, ok, unknown, type Verdict } from './verdict.ts';

/**
 * What answers at the address of the centre. `proven`: it showed the centre's certificate · `open`: a connection stands, and nobody here can
 * prove with whom · `ended`, `mute`: a connection stood, and before any certificate it was ended or said nothing · `other port`: its own is
 * silent, another one is not · `unreachable`: it says nothing itself, and somebody on the way says that it cannot be reached.
 */
export type CentreSeen =
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

/** What was seen of each part of the way to the centre. What is silent was asked several times. */
export type PathFacts = {
  /** The link to the centre is up: all of the way is proven. */
  linkUp: boolean;
  /** Is this PC on its local network: an interface with a carrier and an address, and a way out of it. */
  local: 'on' | 'no carrier' | 'no way out' | 'unknown';
  /** `none`: the way out leads over no router of this network, as on a modem. */
  gateway: 'answers' | 'dead' | 'none' | 'unknown';
  /** Does a name server answer a question that it cannot answer from memory; `unknown` also of one that never did. */
  names: 'answered' | 'silent' | 'unknown';
  /** `unknown` also where the centre is given as an address. */
  centreName: 'found' | 'missing' | 'unknown';
  /**
   * Somebody behind the router: an anchor of the settings, a name server that is not of this network. `reached` at the port of the centre,
   * `elsewhere` at another one. `names`: only names were answered from there. Login pages and firewalls let through these, or some ports, where
   * they stop all else.
   */
  outside: 'reached' | 'elsewhere' | 'names' | 'silent' | 'unknown';
  centre: CentreSeen;
  /** Much of what was asked of somebody who does answer did not come back. */
  losesPackets: boolean;
  /** Names were answered while the link was up, at the address at which the centre is asked, and not since. */
  wereWell: boolean;
};

/** Which part is broken, if any. */
export type PathVerdict = Verdict<PathFault>;
/** The parts that can break, from this PC outwards; `path.between` names no part, and its reason says what was seen. */
export type PathFault = 'path.local' | 'path.gateway' | 'path.dns' | 'path.last_mile' | 'path.centre' | 'path.between';

const lost = 'packets get lost on the way';
const noServer = 'no name server answers';
const silentAtLast = 'no name server answers, and the centre is silent at its last address';
const notKnownThere = 'the name of the centre is not known there';
const prohibited = 'a router or a firewall on the way says that it cannot be reached';
const onlyElsewhere = 'others answer, but not at its port: the centre is off, or something on the way stops that port';
const onlyNames = 'only names are answered: the centre is off, or something on the way stops all else';

/** It is the centre, and by the clock of this PC its certificate is not in force. */
export const datesDoNotFit = 'the dates of its certificate do not fit the clock of this PC';

/** Somebody answered, wherever it is that it stands. */
const answers: Partial<Record<CentreSeen, string>> = {
  stranger: 'something else answers in its place',
  undated: datesDoNotFit,
  ended: 'it, or something on the way, ends the connection at once',
  refused: 'it, or a firewall on the way, refuses the connection',
};
/** As well as by this, it may be so by loss. */
const silences: Partial<Record<CentreSeen, string>> = {
  mute: 'a connection stands, and no answer comes',
  'other port': 'something answers at its address, but not at its port',
};

/**
 * The first part that is broken, from this PC outwards. Guarantee: without a part that was seen to be broken there is no fault, and where
 * several parts may be, none of them is named.
 */
export function whereItBreaks(facts: PathFacts): PathVerdict {
  const { linkUp, local, gateway, centre, outside, losesPackets } = facts;
  if (linkUp || centre === 'proven') return whole(facts);
  if (local === 'no carrier') return fault('path.local', 'no cable and no Wi-Fi');
  if (local === 'no way out') return fault('path.local', 'no address from the network');
  const seen = answers[centre] ?? (losesPackets ? lost : silences[centre]);
  if (seen !== undefined) return fault('path.between', seen);
  if (centre === 'open') return unproven(facts);
  if (isBeyond(outside)) return behindTheLine(facts);
  return gateway === 'dead' ? fault('path.gateway') : ofTheLine(facts);
}

/** Where packets get lost, silence is nobody's fault. */
function whole({ linkUp, names, centreName, losesPackets }: PathFacts): PathVerdict {
  if (losesPackets) return fault('path.between', lost);
  if (names === 'silent') return fault('path.dns', noServer);
  return !linkUp && centreName === 'missing' ? fault('path.dns', notKnownThere) : ok;
}

function unproven({ names, centreName }: PathFacts): PathVerdict {
  if (names === 'silent' && centreName !== 'found') return fault('path.dns', noServer);
  return unknown('without a certificate nobody knows whether it is the centre');
}

function behindTheLine({ names, centreName, outside, centre }: PathFacts): PathVerdict {
  // Two that are silent beside one that answers: neither is the one that broke the other.
  if (names === 'silent' && isMute(centre)) return fault('path.between');
  if (centreName === 'missing') return fault('path.dns', names === 'silent' ? noServer : notKnownThere);
  // A router near a machine that is gone says the same as a firewall.
  if (centre === 'unreachable') return fault('path.between', prohibited);
  if (centre !== 'silent') return unknown('no centre is known here');
  return outside === 'reached' ? fault('path.centre') : fault('path.between', outside === 'names' ? onlyNames : onlyElsewhere);
}

function isBeyond(outside: PathFacts['outside']): boolean {
  return outside !== 'silent' && outside !== 'unknown';
}

/**
 * Nothing beyond the router answered. One that is silent alone may as well be down itself; so may names be where the centre, whose name nobody
 * tells, is not at its last address any more, unless both fell silent at once.
 */
function ofTheLine({ gateway, names, outside, centre, centreName, wereWell }: PathFacts): PathVerdict {
  if (gateway === 'unknown') return unknown('the router could not be asked');
  const isGone = isMute(centre) && (centreName !== 'missing' || wereWell);
  if ([names === 'silent', outside === 'silent', isGone].filter(Boolean).length > 1) return fault('path.last_mile');
  if (names === 'silent') return unknown(isMute(centre) ? silentAtLast : 'no name server answers, and nobody else could be asked');
  return unknown(isMute(centre) ? 'nobody but the centre could be asked' : 'nobody could be asked');
}

function isMute(centre: CentreSeen): boolean {
  return centre === 'silent' || centre === 'unreachable';
}

/** A step of the way to the centre, from this PC outwards. */
export type Step = { layer: keyof Vocabulary['layer']; status: Status };

/**
 * The way in steps, from what was seen of it. Guarantee: a step is ok only where it was seen to be, and broken only where the verdict names it:
 * of two that are silent at once neither is.
 */
export function stepsOf(facts: PathFacts, beside: { clock: Status; certificate: Status }): Step[] {
  const { centre } = facts;
  const isProven = facts.linkUp || centre === 'proven';
  const isShown = isProven || centre === 'undated';
  const isReached = isShown || isBeyond(facts.outside);
  const broken = brokenOf(facts);
  const step = (layer: Step['layer'], isSeen: boolean): Step => ({ layer, status: broken === layer ? 'fault' : isSeen ? 'ok' : 'unknown' });
  const [certificate, clock] = [step('certificate', isProven && beside.certificate === 'ok'), step('clock', beside.clock === 'ok')];
  return [
    step('network', isReached || facts.local === 'on'),
    step('router', isReached || facts.gateway === 'answers'),
    step('line', isReached),
    step('names', facts.names === 'answered' || facts.centreName === 'found'),
    step('port', isShown || stood.includes(centre)),
    step('tls', isShown),
    beside.certificate === 'fault' ? { ...certificate, status: 'fault' } : certificate,
    beside.clock === 'fault' ? { ...clock, status: 'fault' } : clock,
  ];
}

/** A connection was there. */
const stood: readonly CentreSeen[] = ['open', 'stranger', 'ended', 'mute'];

const layerOf: Partial<Record<PathFault, Step['layer']>> = {
  'path.local': 'network',
  'path.gateway': 'router',
  'path.last_mile': 'line',
  'path.dns': 'names',
  'path.centre': 'port',
};
const layerOfSeen: Partial<Record<CentreSeen, Step['layer']>> = {
  stranger: 'certificate',
  undated: 'clock',
  ended: 'tls',
  mute: 'tls',
  refused: 'port',
  'other port': 'port',
  unreachable: 'port',
  silent: 'port',
};

function brokenOf(facts: PathFacts): Step['layer'] | undefined {
  const verdict = whereItBreaks(facts);
  if (verdict.fault !== 'path.between') return verdict.fault === null ? undefined : layerOf[verdict.fault];
  if (verdict.reason === null) return undefined;
  return verdict.reason === lost ? 'line' : layerOfSeen[facts.centre];
}
