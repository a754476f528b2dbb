/** Reads the variables of a UPS from a server of Network UPS Tools (NUT). The client sends one line over TCP and receives one response. */
import type { Socket } from 'node:net';
import { type Cancel, type Clock, oneLine, type Profile } from '@sabha/contracts';

/** `lost: true`: the NUT server responds, but has no connection to its UPS. `lost: false`: the state of the UPS is unknown. */
export type UpsAnswer = { known: true; variables: ReadonlyMap<string, string> } | { known: false; lost: boolean; reason: string };
/** Requests all variables of a UPS; never rejects. */
export type AskUps = (ups: NonNullable<Profile['ups']>, signal: AbortSignal) => Promise<UpsAnswer>;

export type NutOptions = {
  /** `connect` of node:net. */
  connect(address: { host: string; port: number }): Socket;
  clock: Pick<Clock, 'after'>;
};

/** Timeout of a request. It is short, because the NUT server runs on this PC or in this room. */
const timeoutMs = 2_000;
/** Size limits for a response. The NUT server itself writes shorter lines; a UPS has about 100 variables. */
const limits = { lineBytes: 2_048, answerBytes: 128 * 1_024 };

const noAnswer = unknown('upsd does not answer');
const unreadable = unknown('the answer of upsd cannot be read');
const errors: Record<string, UpsAnswer> = {
  'DATA-STALE': lost('the UPS no longer reports its state'),
  'DRIVER-NOT-CONNECTED': lost('the driver of the UPS does not run'),
  'ACCESS-DENIED': unknown('upsd does not give this PC access'),
  'UNKNOWN-UPS': unknown('upsd does not know this UPS'),
};

/** Guarantee: a request resolves within 2 s whatever the NUT server does, holds at most 128 KiB, and closes the connection. */
export function createNut({ connect, clock }: NutOptions): AskUps {
  return (ups, signal) =>
    new Promise((resolve) => {
      let cancel: Cancel = () => {};
      const socket = connect({ host: ups.host, port: ups.port });
      const done = (answer: UpsAnswer) => {
        cancel();
        signal.removeEventListener('abort', aborted);
        socket.destroy();
        resolve(answer);
      };
      const aborted = () => done(noAnswer);
      const reader = createReader(ups.name, done);
      cancel = clock.after(timeoutMs, aborted);
      signal.addEventListener('abort', aborted, { once: true });
      socket.on('error', aborted);
      socket.on('close', aborted);
      socket.on('data', (bytes: Buffer) => reader(bytes));
      socket.on('connect', () => void socket.write(`LIST VAR ${ups.name}\n`));
      if (signal.aborted) aborted();
    });
}

/** Parses the bytes of a response as they arrive. Calls `done` when the response is complete or invalid. */
function createReader(name: string, done: (answer: UpsAnswer) => void): (bytes: Buffer) => void {
  const variables = new Map<string, string>();
  let rest = Buffer.alloc(0);
  let taken = 0;
  return (bytes) => {
    taken += bytes.length;
    if (taken > limits.answerBytes) return done(unreadable);
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      const answer = end > limits.lineBytes ? unreadable : parseLine(rest.toString('utf8', 0, end).trimEnd(), name, variables);
      if (answer !== undefined) return done(answer);
      rest = rest.subarray(end + 1);
    }
    if (rest.length > limits.lineBytes) done(unreadable);
  };
}

/** Parses one line of a response; returns undefined if more lines follow. */
function parseLine(line: string, name: string, variables: Map<string, string>): UpsAnswer | undefined {
  if (line === `BEGIN LIST VAR ${name}`) return undefined;
  if (line === `END LIST VAR ${name}`) return { known: true, variables };
  const code = /^ERR ([A-Z-]+)/.exec(line)?.[1];
  if (code !== undefined) return Object.hasOwn(errors, code) ? errors[code] : unknown(`upsd refuses: ${oneLine(code, 40)}`);
  const found = /^VAR (\S+) (\S+) "((?:[^"\\]|\\.)*)"$/.exec(line);
  if (found?.[1] !== name || found[2] === undefined || found[3] === undefined) return unreadable;
  variables.set(found[2], found[3].replace(/\\(.)/g, '$1'));
  return undefined;
}

function unknown(reason: string): UpsAnswer {
  return { known: false, lost: false, reason };
}

function lost(reason: string): UpsAnswer {
  return { known: false, lost: true, reason };
}
