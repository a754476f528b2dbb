/** The programs of the machine that a centre is installed by. Nothing else of the centre's verbs starts any. */
import { spawnSync } from 'node:child_process';

/** What a program said, and how it ended; `code` is null where it could not be started or was killed. */
export type Ran = { code: number | null; out: string; err: string };
/** `as` = a user of the machine, with no other group than its own; `env` = all that it knows of the environment. */
export type RunAs = { as?: string; env?: Record<string, string> };
/** A machine with its programs; a test scripts it. */
export type Machine = { run(program: string, args: readonly string[], how?: RunAs): Ran };

/** What there is of an environment where none is given. */
const plain = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    run(program, args, { as, env = {} } = {}) {
      // It ends with us: another call may begin where a killed one left off.
      const asUser = [
        'setpriv',
        '--pdeathsig',
        'KILL',
        `--reuid=${as}`,
        `--regid=${as}`,
        '--clear-groups',
        '--no-new-privs',
        '--inh-caps=-all',
        '--',
      ];
      const [first = program, ...rest] = as === undefined ? [program, ...args] : [...asUser, program, ...args];
      const { status, stdout, stderr, error } = spawnSync(first, rest, { env: { ...plain, ...env }, encoding: 'utf8', maxBuffer: 2 ** 26 });
      return { code: status, out: stdout ?? '', err: error === undefined ? stderr : `${first}: ${error.message}` };
    },
  };
}
