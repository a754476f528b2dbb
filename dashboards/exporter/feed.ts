/** Follows the event stream of the API: first a whole snapshot, then changes. Reconnects without limit. */
import { type Cancel, type Clock, oneLine, proveServer, reconnectMs } from '@sabha/contracts';
import { type FleetEvent, readEvent } from './snapshot.ts';

/** The API sends an event at least every 15 s. A stream that is silent for longer than this limit is closed. */
const silenceLimitMs = 40_000;

export type FeedOptions = {
  /** Address of the API, such as http://127.0.0.1:1880. */
  api: string;
  apiToken?: string | undefined;
  clock: Clock;
  random(): number;
  onEvent(event: FleetEvent): void;
  /** Called with one line for each failed attempt and each ended stream. */
  onFailed(line: string): void;
};

/** Opens the stream, and again with backoff after each end, each 40 s of silence and each unreadable event. */
export function followApi({ api, apiToken, clock, random, onEvent, onFailed }: FeedOptions): { close(): void } {
  let reading = new AbortController();
  let cancelNext: Cancel = () => {};
  let failures = 0;
  let closed = false;

  async function follow(): Promise<void> {
    const ending = new AbortController();
    reading = ending;
    let cancelSilence: Cancel = () => {};
    const resetSilence = () => {
      cancelSilence();
      cancelSilence = clock.after(silenceLimitMs, () => ending.abort(new Error(`mute for ${silenceLimitMs / 1_000} s`)));
    };
    resetSilence();
    const { signal } = ending;
    const handleEvent = (event: FleetEvent) => {
      if (event.event === 'snapshot') failures = 0;
      onEvent(event);
    };
    const line = await readStream({ api, apiToken, signal, resetSilence, onEvent: handleEvent }).catch((error) =>
      errorLine(signal.reason ?? error),
    );
    cancelSilence();
    ending.abort();
    if (closed) return;
    failures += 1;
    cancelNext = clock.after(reconnectMs(failures, random), () => void follow());
    onFailed(line);
  }

  void follow();
  return {
    close() {
      closed = true;
      cancelNext();
      reading.abort();
    },
  };
}

type ReadOptions = Pick<FeedOptions, 'api' | 'apiToken'> & { signal: AbortSignal; resetSilence(): void; onEvent(event: FleetEvent): void };

async function readStream({ api, apiToken, signal, resetSilence, onEvent }: ReadOptions): Promise<string> {
  const headers = new Headers({ accept: 'text/event-stream' });
  if (apiToken) {
    await proveServer(api, { name: 'server-exporter', text: apiToken }, signal);
    headers.set('authorization', `Bearer ${apiToken}`);
  }
  const response = await fetch(new URL('/api/stream?pcs=all', api), { signal, redirect: 'error', headers });
  if (!response.ok || response.body === null) return `answered with status ${response.status}`;
  let unread: string[] = [];
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    resetSilence();
    unread.push(text);
    // A snapshot of the nation has hundreds of chunks. They are joined only when an event may be complete, so the cost stays linear.
    if (!text.includes('\n\n') && !text.startsWith('\n')) continue;
    const blocks = unread.join('').split('\n\n');
    unread = blocks.splice(-1);
    for (const block of blocks) {
      const event = readEvent(fieldOf(block, 'event'), fieldOf(block, 'data'));
      if (!event.ok) return event.line;
      if (event.value) onEvent(event.value);
    }
  }
  return 'the stream ended';
}

/** Returns the value of a field of an event. The API writes each field on one line. */
function fieldOf(block: string, name: string): string {
  const line = block.split('\n').find((one) => one.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? '';
}

function errorLine(error: Error & { cause?: NodeJS.ErrnoException }): string {
  return oneLine(error.cause?.code ?? error.cause?.message ?? error.message, 120);
}
