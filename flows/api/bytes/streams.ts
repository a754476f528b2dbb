/** Server-sent events: each open page gets a snapshot first, and then every change. */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createGzip, type Gzip } from 'node:zlib';
import { type Cancel, type Clock, repeat, type StreamFrame } from '@sabha/contracts';
import type { ScopedView, Viewer } from '../../pki/http-auth/http-auth.ts';
import type { CentreView, PcChoice } from '../../view/live.ts';

/** Streams open at once on one listener. */
export const streamLimit = 64;
/** Streams of one account, so that one account cannot use up all. */
const streamsOfOneLimit = 16;
/** Limit of unread bytes beyond the size of the client's own snapshot. Above it a slow client is disconnected. */
export const bufferLimitBytes = 1024 * 1024;
/** Heartbeat interval. A page that receives nothing for a little longer shows its data as stale. */
const heartbeatMs = 5_000;
const retryMs = 2_000;

export type Streams = ReturnType<typeof createStreams>;

type StreamRequest = { pcs: PcChoice; headers: Record<string, string>; viewer: Viewer };
type StreamsOptions = {
  view: Pick<CentreView, 'now'>;
  viewFor(scope: string): ScopedView;
  clock: Clock;
  onSlow: () => void;
  limit?: number;
};

/** All streams with the same scope and choice of PCs. Each frame is serialised once and sent to all of them. */
type StreamGroup = { key: string; view: ScopedView; streams: Set<OpenStream>; cancel: Cancel };
/** One client. `into` is the stream that its text is written to, and `unreadLimitBytes` limits the unread bytes. */
type OpenStream = { viewer: Viewer; response: ServerResponse; gzip: Gzip | null; into: Writable; unreadLimitBytes: number };

/**
 * Sends the view's changes to every open stream. A heartbeat is an empty change, whose time a page can check.
 * Guarantee: no change is lost between a stream's snapshot and its first change.
 * A session that is over receives nothing; its stream ends with the next frame, after 5 s at most.
 */
export function createStreams({ view, viewFor, clock, onSlow, limit = streamLimit }: StreamsOptions) {
  const groups = new Map<string, StreamGroup>();
  let subscribed = false;
  let id = 0;

  const frame = (event: string, data: unknown) => `id: ${++id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

  function broadcast({ streams }: StreamGroup, change: StreamFrame): void {
    subscribed = change.subscribed;
    const text = frame('change', change);
    for (const stream of streams) {
      const isOpen = stream.viewer.isOpen();
      if (isOpen) stream.into.write(text);
      if (isOpen && unreadBytes(stream) <= stream.unreadLimitBytes) continue;
      streams.delete(stream);
      stream.response.destroy();
      if (isOpen) onSlow();
    }
  }

  function groupOf(key: string, scope: string, pcs: PcChoice): StreamGroup {
    const held = groups.get(key);
    if (held !== undefined) return held;
    const own = viewFor(scope);
    const group: StreamGroup = { key, view: own, streams: new Set(), cancel: own.onChange(pcs, (change) => broadcast(group, change)) };
    groups.set(key, group);
    return group;
  }

  const cancelBeat = repeat(clock, heartbeatMs, () => {
    for (const group of groups.values()) broadcast(group, { at: view.now(), subscribed });
  });

  return {
    /** Takes over the response. Returns one line if too many streams are open. */
    open: (response: ServerResponse, { pcs, headers, viewer }: StreamRequest): string | undefined => {
      const refusal = refusalOf(groups, limit, viewer);
      if (refusal !== undefined) return refusal;
      const key = `${viewer.scope} ${pcs}`;
      const group = groupOf(key, viewer.scope, pcs);
      const snapshot = group.view.snapshot(pcs);
      subscribed = snapshot.subscribed;
      const text = `retry: ${retryMs}\n${frame('snapshot', snapshot)}`;
      const stream = openStream(response, { pcs, headers, viewer }, bufferLimitBytes + Buffer.byteLength(text));
      group.streams.add(stream);
      for (const end of ['close', 'error']) response.on(end, () => closeStream(groups, group, stream));
      stream.into.write(text);
      return undefined;
    },
    close: (): void => {
      cancelBeat();
      for (const { streams, cancel } of groups.values()) {
        cancel();
        for (const { response } of streams) response.destroy();
      }
      groups.clear();
    },
  };
}

function refusalOf(groups: ReadonlyMap<string, StreamGroup>, limit: number, { name }: Viewer): string | undefined {
  const open = [...groups.values()].flatMap(({ streams }) => [...streams]);
  if (open.length >= limit) return `${limit} streams are open already`;
  const own = name === null ? 0 : open.filter(({ viewer }) => viewer.name === name).length;
  return own >= streamsOfOneLimit ? `${own} streams of this account are open already` : undefined;
}

/**
 * Takes over the response, compressed for a page that accepts gzip. A client that requests all PCs is a program on this machine, so
 * compression is useless.
 */
function openStream(response: ServerResponse, { pcs, headers, viewer }: StreamRequest, allowanceBytes: number): OpenStream {
  const isPacked = pcs !== 'all' && /\bgzip\b/.test(response.req.headers['accept-encoding']?.toString() ?? '');
  const gzip = isPacked ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : null;
  const type = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' };
  response.writeHead(200, { ...headers, ...type, ...(gzip === null ? {} : { 'content-encoding': 'gzip' }) });
  gzip?.pipe(response);
  return { viewer, response, gzip, into: gzip ?? response, unreadLimitBytes: allowanceBytes };
}

function closeStream(groups: Map<string, StreamGroup>, group: StreamGroup, stream: OpenStream): void {
  stream.gzip?.destroy();
  group.streams.delete(stream);
  if (group.streams.size > 0 || groups.get(group.key) !== group) return;
  group.cancel();
  groups.delete(group.key);
}

/** Returns the bytes that wait before, in and after the compression. */
function unreadBytes({ response, gzip }: OpenStream): number {
  return response.writableLength + (gzip === null ? 0 : gzip.writableLength + gzip.readableLength);
}
