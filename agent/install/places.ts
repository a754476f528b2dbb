/** Where the agent lies on Windows, and which paths will do for it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, win32 } from 'node:path';
import { parseEnv } from 'node:util';
import type { Read } from '../identity/identity.ts';
import { knownCentreFile } from '../identity/known-centre.ts';

/** The folders of an installation: `source` is the one from which Node runs, `system` that of the system's programs, `menu` the Start menu of all users. */
export type Places = { source: string; program: string; data: string; system: string; menu: string };
/** What lies in the zip beside `install.cmd`, and so in the folder of the program; the key of the releases is there only where it was packed with one. */
export const payload = [
  ...(['node.exe', 'agent.mjs', 'launch.mjs', 'sabha-agent.cmd', 'room-card.cmd'] as const),
  ...(['run.xml', 'room.xml', 'koffi', 'licences'] as const),
] as const;
/** The public half of the key that signs releases. */
export const updateKey = 'update.pub';
/** What is there only where the package was made with it. */
export const extras = [updateKey, knownCentreFile] as const;
/** What says where: the environment, the Node that runs, and the folder that somebody named. */
export type Said = { env: Record<string, string | undefined>; execPath: string; data: string | undefined };

/** One line where a folder will not do. An agent that is installed keeps the folder of its data. */
export function placesOf({ env, execPath, data }: Said): Read<Places> {
  const { ProgramFiles: programs, ProgramData: common, SystemRoot: root } = env;
  if (!programs || !common || !root) return { ok: false, line: 'ProgramFiles, ProgramData and SystemRoot are not all set' };
  const program = win32.join(programs, 'Sabha');
  const kept = keptData(program);
  const wanted = (data ?? kept ?? win32.join(common, 'Sabha')).replaceAll('/', '\\').replace(/(?<=[^:])\\+$/, '');
  const wrong = [wanted, program].find((path) => !isUsable(path));
  if (wrong !== undefined)
    return { ok: false, line: `"${wrong}" will not do: a whole path such as D:\\Sabha is expected, without quotes and %` };
  if (kept !== undefined && wanted.toLowerCase() !== kept.toLowerCase()) {
    return { ok: false, line: `--data: the agent of this PC has its data in ${kept}; uninstall it first` };
  }
  const from = win32.dirname(execPath);
  // It is called as somebody typed it.
  const source = from.toLowerCase() === program.toLowerCase() ? program : from;
  const menu = win32.join(common, 'Microsoft', 'Windows', 'Start Menu', 'Programs');
  return { ok: true, value: { source, program, data: wanted, system: win32.join(root, 'System32'), menu } };
}

/** Where an agent that is installed has its data; after a power cut between two versions the one of before says it, beside where it was. */
export function keptData(program: string): string | undefined {
  const settings = [program, `${program}.old`].map((folder) => join(folder, 'agent.env')).find((file) => existsSync(file));
  return settings && parseEnv(readFileSync(settings, 'utf8'))['SABHA_DATA'];
}

/** A quotation mark ends an argument, `%` is a variable to the Task Scheduler, and SYSTEM has no drive of the network. */
function isUsable(path: string): boolean {
  return /^[a-z]:(\\[^\\/:"'`%<>|?*\p{Cc}]+)+$/iu.test(path) && !/\\\.+(\\|$)/.test(path);
}
