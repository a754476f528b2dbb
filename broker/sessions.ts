/** Which client was admitted as whom. */
import type { Client } from 'aedes';
import type { Principal } from './access.ts';
import type { Admitted } from './admission.ts';

export type Sessions = {
  open(client: Client, admitted: Admitted): void;
  /** The connection is gone; its will, which fires later, is still its own. */
  gone(client: Client): void;
  of(client: Client): Admitted | undefined;
  /** Ends every session that `holds` no longer confirms, as of now: not even its will is heard. */
  endUnless(holds: (admitted: Admitted) => boolean): Admitted[];
  count(kind: Principal['kind']): number;
};

export function createSessions(): Sessions {
  const admittedAs = new WeakMap<Client, Admitted>();
  const live = new Map<Client, Admitted>();
  return {
    open(client, admitted) {
      if (client.closed) return; // its `gone` has been and will not come again
      admittedAs.set(client, admitted);
      live.set(client, admitted);
    },
    gone(client) {
      live.delete(client);
    },
    of: (client) => admittedAs.get(client),
    endUnless(holds) {
      const ended = [...live].filter(([, admitted]) => !holds(admitted));
      for (const [client] of ended) {
        admittedAs.delete(client);
        live.delete(client);
        client.close();
      }
      return ended.map(([, admitted]) => admitted);
    },
    count: (kind) => [...live.values()].filter(({ principal }) => principal.kind === kind).length,
  };
}
