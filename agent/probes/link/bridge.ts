/** Checks whether the site's dial-in bridge answers. It carries the sound of a meeting if the video fails. */
import { type Check, type Clock, isThin, type LinkClass, links, realClock } from '@sabha/contracts';
import type { Probe, ProbeContext } from '../../checks/probe.ts';
import { fault, ok, unknown, type Verdict } from '../../link/analysis/verdict.ts';
import { askBridge, type Bridge, type SipAnswer } from '../../link/net/sip.ts';

const everyMs = 900_000;
/** Interval between two tests on a thin link, which is charged by volume. */
const thinEveryMs = 3_600_000;
/** Wait before the first resend on a thin link. Over a satellite no response arrives within the 500 ms of the SIP standard. */
const thinFirstWaitMs = 1_000;
/** Bytes of the most expensive test: TLS with a certificate chain. The data budget must have as many left. */
const dearestBytes = 12_000;
const internalError = 500;
const notImplemented = 501;
const globalFailure = 600;

type BridgeResponse = { bridge: string; up: number; answer: SipAnswer };

/** Creates the bridge probe. It runs on the PC that measures the link of its site, and in a self-test; other PCs have no check. */
export function createBridgeProbe(clock: Clock = realClock()): Probe {
  let last: BridgeResponse | undefined;
  return {
    name: 'bridge',
    everyMs,
    timeoutMs: 40_000,
    async run(context) {
      const { profile, self, budget } = context;
      const { bridge, link } = profile;
      if (bridge === undefined || self.measures === false) return { checks: [] };
      if (!isFresh(last, bridge, { up: clock.up(), link })) {
        if (budget && !budget.hasRoom(dearestBytes)) return { checks: [check(unknown('the data budget of this month is used up'))] };
        last = { bridge: nameOf(bridge), up: clock.up(), answer: await ask(bridge, clock, context) };
      }
      return last === undefined ? { checks: [] } : resultOf(last.answer);
    },
  };
}

function ask(bridge: Bridge, clock: Clock, { profile, budget, signal }: ProbeContext): Promise<SipAnswer> {
  const used = (wireBytes: number) => budget?.used('tests', wireBytes);
  return askBridge(bridge, { clock, signal, used, ...(isThin(links[profile.link]) && { firstWaitMs: thinFirstWaitMs }) });
}

/** Returns whether the last result is still valid. On a thin link a good result lasts longer; a bad one is tested again at the next run. */
function isFresh(last: BridgeResponse | undefined, bridge: Bridge, { up, link }: { up: number; link: LinkClass }): boolean {
  const isGood = last !== undefined && last.bridge === nameOf(bridge) && last.answer.kind === 'answer' && isAlive(last.answer.status);
  return isGood && isThin(links[link]) && up - last.up < thinEveryMs * 0.9;
}

function resultOf(answer: SipAnswer): { checks: Check[]; numbers?: { sip: number } } {
  if (answer.kind === 'unknown') return { checks: [check(unknown('its name cannot be looked up'))] };
  if (answer.kind === 'silent') return { checks: [check(fault('bridge.silent', silences[answer.reason]))] };
  const { status, ms } = answer;
  const numbers = { sip: ms / 1_000 };
  const said = status < 300 ? null : (plain[status] ?? `it answers ${status}`);
  if (!isAlive(status)) return { checks: [check(fault('bridge.refused', said))], numbers };
  return { checks: [check({ ...ok, reason: said ?? remarkOn(answer) })], numbers };
}

/**
 * Returns whether a SIP status shows a working bridge: any status except a server failure. Many bridges answer an OPTIONS request of an
 * unknown client with 403 or 404, and with 501 if they do not implement OPTIONS.
 */
function isAlive(status: number): boolean {
  return status < internalError || status >= globalFailure || status === notImplemented;
}

const plain: Record<number, string> = {
  501: 'it answers 501: it does not know this question',
  505: 'it answers 505: it speaks another version of SIP',
};

function remarkOn({ loose, certificate }: Extract<SipAnswer, { kind: 'answer' }>): string | null {
  if (certificate === 'unknown') return 'its certificate is from an unknown authority';
  return loose ? 'its lines do not end as SIP requires' : null;
}

const silences = {
  nothing: null,
  'nobody listens': 'no program listens at its address',
  'no SIP': 'the program at this address does not speak SIP',
  closed: 'it closes the connection without an answer',
  'only trying': 'it says that it is trying, and no answer follows',
  misfit: 'its answer belongs to another request',
  'another port': 'it answers from another port than was asked',
} as const;

function check(verdict: Verdict): Check {
  return { component: 'bridge', device: '', ...verdict };
}

function nameOf({ transport, host, port }: Bridge): string {
  return `${transport}:${host}:${port}`;
}
