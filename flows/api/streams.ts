/** Server-sent events: a whole snapshot first, then every change, to as many pages as stand open. */
import type { ServerResponse } from 'node:http';
import type { Cancel, Clock, StreamFrame } from '#contracts';
import type { DeskView } from './model.ts';

/** Streams that may be open at once. */
export const streamLimit = 64;
/** A client that leaves more than this unread, beyond the size of its own snapshot, is dropped. */
export const bufferLimitBytes = 1024 * 1024;
const heartbeatMs = 15_000;
const retryMs = 2_000;

export type Streams = {
  /** Takes over the response; false where too many streams are open. */
  open(response: ServerResponse, headers: Record<string, string>): boolean;
  close(): void;
};

type Sources = { desk: DeskView; clock: Clock; onSlow: () => void };

/**
 * Carries the desk's changes to every open stream.
 * Guarantee: no change falls between a stream's snapshot and its first change. A heartbeat is an empty change, which a page can see and date.
 */
export function createStreams({ desk, clock, onSlow }: Sources): Streams {
  /** Each stream with the bytes that it may leave unread. */
  const streams = new Map<ServerResponse, number>();
  let subscribed = false;
  let id = 0;

  const frame = (event: string, data: unknown) => `id: ${++id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

  function tellAll(change: StreamFrame): void {
    subscribed = change.subscribed;
    const text = frame('change', change);
    for (const [response, allowance] of streams) {
      response.write(text);
      if (response.writableLength <= allowance) continue;
      streams.delete(response);
      response.destroy();
      onSlow();
    }
  }

  let cancelBeat: Cancel = () => {};
  function beat(): void {
    cancelBeat = clock.after(heartbeatMs, () => {
      if (streams.size > 0) tellAll({ at: clock.now(), subscribed });
      beat();
    });
  }

  const cancelChanges = desk.onChange(tellAll);
  beat();

  return {
    open: (response, headers) => {
      if (streams.size >= streamLimit) return false;
      const snapshot = desk.snapshot();
      subscribed = snapshot.subscribed;
      const text = `retry: ${retryMs}\n${frame('snapshot', snapshot)}`;
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
      streams.set(response, bufferLimitBytes + Buffer.byteLength(text));
      response.on('close', () => streams.delete(response));
      response.on('error', () => streams.delete(response));
      response.write(text);
      return true;
    },
    close: () => {
      cancelBeat();
      cancelChanges();
      for (const response of streams.keys()) response.destroy();
      streams.clear();
    },
  };
}
