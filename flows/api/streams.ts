/** Server-sent events: a whole snapshot first, then every change, to as many pages as stand open. */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { Cancel, Clock, StreamFrame } from '#contracts';
import type { DeskView, PcChoice } from './model.ts';

/** Streams that may be open at once. */
export const streamLimit = 64;
/** A client that leaves more than this unread, beyond the size of its own snapshot, is dropped. */
export const bufferLimitBytes = 1024 * 1024;
const heartbeatMs = 15_000;
const retryMs = 2_000;

export type Streams = {
  /** Takes over the response; false where too many streams are open. */
  open(response: ServerResponse, pcs: PcChoice, headers: Record<string, string>): boolean;
  close(): void;
};

type Sources = { desk: DeskView; clock: Clock; onSlow: () => void };

/** All streams with the same choice of PCs: each frame is written as text once, and goes to all of them. */
type Group = { streams: Set<Stream>; cancel: Cancel };
/** Where its text goes in, and how many bytes of it the client may leave unread. */
type Stream = { response: ServerResponse; gzip: Gzip | null; into: Writable; allowanceBytes: number };

/**
 * Carries the desk's changes to every open stream.
 * Guarantee: no change falls between a stream's snapshot and its first change. A heartbeat is an empty change, which a page can see and date.
 */
export function createStreams({ desk, clock, onSlow }: Sources): Streams {
  const groups = new Map<PcChoice, Group>();
  let subscribed = false;
  let id = 0;

  const frame = (event: string, data: unknown) => `id: ${++id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

  function tell({ streams }: Group, change: StreamFrame): void {
    subscribed = change.subscribed;
    const text = frame('change', change);
    for (const stream of streams) {
      stream.into.write(text);
      if (unreadBytes(stream) <= stream.allowanceBytes) continue;
      streams.delete(stream);
      stream.response.destroy();
      onSlow();
    }
  }

  function groupOf(pcs: PcChoice): Group {
    const held = groups.get(pcs);
    if (held !== undefined) return held;
    const group: Group = { streams: new Set(), cancel: desk.onChange(pcs, (change) => tell(group, change)) };
    groups.set(pcs, group);
    return group;
  }

  function leave(pcs: PcChoice, group: Group, stream: Stream): void {
    stream.gzip?.destroy();
    group.streams.delete(stream);
    if (group.streams.size > 0 || groups.get(pcs) !== group) return;
    group.cancel();
    groups.delete(pcs);
  }

  let cancelBeat: Cancel = () => {};
  function beat(): void {
    cancelBeat = clock.after(heartbeatMs, () => {
      for (const group of groups.values()) tell(group, { at: desk.now(), subscribed });
      beat();
    });
  }
  beat();

  return {
    open: (response, pcs, headers) => {
      const open = [...groups.values()].reduce((sum, { streams }) => sum + streams.size, 0);
      if (open >= streamLimit) return false;
      const group = groupOf(pcs);
      const snapshot = desk.snapshot(pcs);
      subscribed = snapshot.subscribed;
      const text = `retry: ${retryMs}\n${frame('snapshot', snapshot)}`;
      const gzip = isPacked(response, pcs) ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : null;
      const type = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' };
      response.writeHead(200, { ...headers, ...type, ...(gzip === null ? {} : { 'content-encoding': 'gzip' }) });
      gzip?.pipe(response);
      const stream = { response, gzip, into: gzip ?? response, allowanceBytes: bufferLimitBytes + Buffer.byteLength(text) };
      group.streams.add(stream);
      for (const end of ['close', 'error']) response.on(end, () => leave(pcs, group, stream));
      stream.into.write(text);
      return true;
    },
    close: () => {
      cancelBeat();
      for (const { streams, cancel } of groups.values()) {
        cancel();
        for (const { response } of streams) response.destroy();
      }
      groups.clear();
    },
  };
}

/** A page far away is sent gzip where it takes it. Who asks for all PCs is a program of this machine, which would only unpack it again. */
function isPacked({ req }: ServerResponse, pcs: PcChoice): boolean {
  return pcs !== 'all' && /\bgzip\b/.test(req.headers['accept-encoding']?.toString() ?? '');
}

/** What waits before, in and after the packing. */
function unreadBytes({ response, gzip }: Stream): number {
  return response.writableLength + (gzip === null ? 0 : gzip.writableLength + gzip.readableLength);
}
