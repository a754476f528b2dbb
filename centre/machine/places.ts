/** Where on a machine an installed centre stands. */
import { join } from 'node:path';

/** Paths below `/`, or below another folder in a test. */
export type Places = {
  /** Its releases, side by side, and the link to the one in use. */
  program: string;
  releases: string;
  current: string;
  /** What an upgrade left to go back to. */
  previous: string;
  /** sabha.json, and what it names. */
  settings: string;
  data: string;
  /** Where the user of flows reads and writes what an operator names: a home is closed to it. */
  copies: string;
  /** Where systemd looks for units of whoever runs the machine. */
  units: string;
  /** The command `sabha`. */
  command: string;
};

/** The places of a machine. */
export function placesOf(root = '/'): Places {
  const program = join(root, 'opt/sabha');
  return {
    program,
    releases: join(program, 'releases'),
    current: join(program, 'current'),
    previous: join(program, 'previous.json'),
    settings: join(root, 'etc/sabha'),
    data: join(root, 'var/lib/sabha'),
    copies: join(root, 'var/backups/sabha'),
    units: join(root, 'etc/systemd/system'),
    command: join(root, 'usr/local/bin/sabha'),
  };
}

/** The user of a part. */
export function userOf(part: string): string {
  return `sabha-${part}`;
}
