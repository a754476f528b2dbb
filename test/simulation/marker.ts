/** The mark that a PC leaves on its disk, told by the first session of the next boot; and its last gasp, on the session that is open. */
import { decode, encode, type Previous } from '#contracts';
import type { Connected, Connection } from '../../agent/transport.ts';
import type { Process } from './time.ts';

const markEveryMs = 30_000;

export function createMarker() {
  let mark: Previous | undefined;
  /** What the boot before left, until the first session of this boot is over. */
  let owed: Previous | undefined;
  let open: { connection: Connection; session: number; boot: string } | undefined;
  let mains: boolean | null = null;

  function begin(boot: string, process: Process): void {
    if (mark?.boot !== boot) {
      owed = mark;
      mark = { boot, aliveAt: process.clock.now(), mains, bye: null, crashed: false };
    }
    Object.assign(mark, { bye: null });
    const write = () => {
      Object.assign(mark ?? {}, { aliveAt: process.clock.now(), mains });
      process.clock.after(markEveryMs, write);
    };
    write();
  }

  /** A birth carries what is owed; the next connection owes nothing. */
  function within(answer: Connected): Connected {
    if (!answer.ok) return answer;
    const { connection } = answer;
    const previous = owed;
    owed = undefined;
    const publish: Connection['publish'] = (topic, payload, how) => {
      const read = topic.endsWith('/presence') ? decode('presence', payload) : undefined;
      if (!read?.ok || read.value.kind !== 'birth') return connection.publish(topic, payload, how);
      open = { connection, session: read.value.session, boot: read.value.boot };
      const birth = previous === undefined ? payload : encode('presence', { ...read.value, previous });
      return connection.publish(topic, birth, how);
    };
    return { ok: true, connection: { ...connection, publish } };
  }

  return {
    begin,
    within,
    bye: (reason: string) => void Object.assign(mark ?? {}, { bye: reason }),
    crash: () => void Object.assign(mark ?? {}, { crashed: true }),
    mains: (on: boolean | null) => {
      mains = on;
    },
    gasp(path: string, runtimeMs: number): void {
      if (open === undefined || mark === undefined) return;
      const { connection, session, boot } = open;
      const said = encode('presence', { kind: 'gasp', boot, session, at: mark.aliveAt, reason: 'power', runtimeMs });
      void connection.publish(`sabha/v1/${path}/presence`, said, { qos: 1 });
    },
  };
}
