/** Which client was admitted as whom. */
import type { Client } from 'aedes';
import type { Principal } from './access.ts';
import type { Admitted } from './admission.ts';

/** The clients that are in, by connection and by name. */
export type Sessions = ReturnType<typeof createSessions>;

/** Remembers of a client that is gone only what its will still needs. */
export function createSessions() {
  const admittedAs = new WeakMap<Client, Admitted>();
  const live = new Map<Client, Admitted>();
  const named = new Map<string, Client>();
  const leave = (client: Client) => {
    const name = live.get(client)?.name ?? '';
    if (named.get(name) === client) named.delete(name);
    live.delete(client);
  };
  return {
    open(client: Client, admitted: Admitted): void {
      if (client.closed) return; // its `gone` has been and will not come again
      admittedAs.set(client, admitted);
      live.set(client, admitted);
      named.set(admitted.name, client);
    },
    /** The connection is gone; its will, which fires later, is still its own. */
    gone: leave,
    of: (client: Client): Admitted | undefined => admittedAs.get(client),
    /** True while a client of this name is connected. */
    isOpen: (name: string): boolean => named.has(name),
    /** Ends every session that `holds` no longer confirms, as of now: not even its will is heard. */
    endUnless(holds: (admitted: Admitted) => boolean): Admitted[] {
      const ended = [...live].filter(([, admitted]) => !holds(admitted));
      for (const [client] of ended) {
        admittedAs.delete(client);
        leave(client);
        client.close();
      }
      return ended.map(([, admitted]) => admitted);
    },
    count: (kind: Principal['kind']): number => [...live.values()].filter(({ principal }) => principal.kind === kind).length,
  };
}
