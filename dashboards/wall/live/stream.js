/**
 * Follows the event stream of the server. By fetch, because EventSource does not report silence: a dead but unclosed connection would stay
 * green.
 */

/** @import { Snapshot, StreamFrame } from '@sabha/contracts' */
/**
 * @typedef {{
 *   onSnapshot: (snapshot: Snapshot) => void,
 *   onChange: (frame: StreamFrame) => void,
 *   onLost: () => void,
 *   onDenied?: () => void,
 *   retryMs?: number[],
 * }} Listener
 */

/** Timeout of a silent stream: the server sends an event every 5 s. */
export const silentLimitMs = 12_000;

/**
 * Reads the stream and reconnects until the returned function is called.
 * Guarantee: `onLost` is called when the stream ends, breaks, or is silent for `silentLimitMs`; `onDenied` is called before it if nobody is
 * signed in.
 *
 * @param {string} url
 * @param {Listener} listener
 * @returns {() => void}
 */
export function followStream(url, { onSnapshot, onChange, onLost, onDenied, retryMs = [500, 1_000, 2_000, 5_000, 10_000] }) {
  let stopped = false;
  let abort = new AbortController();
  let failures = 0;

  /** @param {string} event @param {string} data */
  function handleEvent(event, data) {
    if (event === 'snapshot') {
      failures = 0;
      onSnapshot(JSON.parse(data));
    } else if (event === 'change') onChange(JSON.parse(data));
  }

  async function readOnce() {
    abort = new AbortController();
    const silenceTimer = watchdog(silentLimitMs, () => abort.abort());
    try {
      const response = await fetch(url, { signal: abort.signal, cache: 'no-store' });
      if (response.status === 401) onDenied?.();
      if (!response.ok || response.body === null) return;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const push = createEventSplitter(handleEvent);
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
        silenceTimer.restart();
        push(chunk.value);
      }
    } catch {
      // A broken and a silent stream are handled alike: `onLost` follows.
    } finally {
      silenceTimer.stop();
    }
  }

  async function loop() {
    while (!stopped) {
      await readOnce();
      if (stopped) return;
      onLost();
      const waitMs = retryMs[Math.min(failures, retryMs.length - 1)] ?? 0;
      failures += 1;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  void loop();
  return () => {
    stopped = true;
    abort.abort();
  };
}

/**
 * Splits a text that arrives in chunks into events.
 * @param {(event: string, data: string) => void} take
 * @returns {(piece: string) => void}
 */
export function createEventSplitter(take) {
  let text = '';
  return (piece) => {
    text += piece;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (/** @type {string} */ name) => {
        const line = block.split('\n').find((one) => one.startsWith(`${name}: `));
        return line?.slice(name.length + 2) ?? '';
      };
      take(field('event'), field('data'));
    }
  };
}

/**
 * @param {number} limitMs
 * @param {() => void} onSilence
 */
function watchdog(limitMs, onSilence) {
  let timer = setTimeout(onSilence, limitMs);
  return {
    restart: () => {
      clearTimeout(timer);
      timer = setTimeout(onSilence, limitMs);
    },
    stop: () => clearTimeout(timer),
  };
}
