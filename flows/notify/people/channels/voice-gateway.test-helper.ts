/** A simulated voice gateway with a phone. It reports to the server how each call ended. */
import type { Channel, HookCall } from '../../../engine/records/notices.ts';
import type { TestClock } from '../people.test-helper.ts';
import type { Fetch } from './kit/http.ts';

/** Behaviour of the person at the phone: `hung up` answers without pressing a key, `stranger` presses another key, `going` presses 1. */
export type AtPhone = 'busy' | 'unanswered' | 'hung up' | 'stranger' | 'going';

/** Time for which the phone rings or a person listens, ms. */
const ringsMs = 30_000;

/** `at`: behaviour of the phone of a number. `listen`: sets the channel that receives the reports. */
export function voiceGateway(clock: TestClock, token: string, at: (to: string) => AtPhone) {
  const calls: { at: number; to: string; text: string; language: string }[] = [];
  const replies: number[] = [];
  let hears: Channel['receiveCall'];

  async function say(fields: Record<string, string>, query = ''): Promise<void> {
    const body = Buffer.from(new URLSearchParams(fields).toString());
    const call: HookCall = { method: 'POST', token, query: new URLSearchParams(query), headers: {}, body };
    replies.push((await hears?.(call))?.status ?? 0);
  }

  function ring(id: string, to: string): void {
    const happens = at(to);
    const status = happens === 'busy' ? 'busy' : happens === 'unanswered' ? 'no-answer' : 'completed';
    const over = () => say({ sid: id, status, ...(happens === 'stranger' && { digits: '5' }) });
    const pressed = () => say({ sid: id, digits: '1', status: 'in-progress' });
    clock.after(happens === 'busy' ? 1_000 : ringsMs, () => void (happens === 'going' ? pressed().then(over) : over()));
  }

  const fetch: Fetch = async (_url, init) => {
    const { to, text, language } = JSON.parse(String(init?.body)) as { to: string; text: string; language: string };
    calls.push({ at: clock.up(), to, text, language });
    const id = `c-${calls.length}`;
    ring(id, to);
    return Response.json({ ok: true, call: { sid: id } });
  };
  return {
    fetch,
    calls,
    replies,
    say,
    /** Simulates a person who calls the server's number and hangs up. */
    missed: (from: string) => say({ from }, 'missed'),
    listen(channel: Channel): void {
      hears = channel.receiveCall;
    },
  };
}
