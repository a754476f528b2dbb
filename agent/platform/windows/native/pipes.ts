/** In which session a named pipe was made, as Windows keeps it: no word of the maker's is needed for it. */
import type { Calls, PipeEnd } from '../../native.ts';
import type { Koffi } from './koffi.ts';

const read = 0x8000_0000;
const existing = 3;
/** SECURITY_SQOS_PRESENT with SECURITY_ANONYMOUS: the maker of a pipe may otherwise act in the name of whoever opens it, and that may be SYSTEM. */
const asNobody = 0x0010_0000;
const invalid = 0xffff_ffff_ffff_ffffn;

/** Guarantee: a pipe that is looked at learns nothing of us, not even who we are; what was opened is closed where no answer comes. */
export function createPipes(koffi: Koffi): Calls['pipe'] {
  const kernel = koffi.load('kernel32.dll');
  const open = kernel.func('__stdcall', 'CreateFileW', 'uint64', ['str16', 'uint32', 'uint32', 'void *', 'uint32', 'uint32', 'void *']);
  const close = kernel.func('__stdcall', 'CloseHandle', 'int32', ['uint64']);
  const number = koffi.out(koffi.pointer('uint32'));
  const madeIn = kernel.func('__stdcall', 'GetNamedPipeServerSessionId', 'int32', ['uint64', number]);
  const madeBy = kernel.func('__stdcall', 'GetNamedPipeServerProcessId', 'int32', ['uint64', number]);
  const sessionOf = kernel.func('__stdcall', 'ProcessIdToSessionId', 'int32', ['uint32', number]);

  /** Undefined where pipe and process do not say the same: then whoever made it is gone. */
  function sessionAt(handle: number): number | undefined {
    const [session, id, ofProcess]: [[number], [number], [number]] = [[0], [0], [0]];
    const isTold = madeIn(handle, session) !== 0 && madeBy(handle, id) !== 0 && sessionOf(id[0], ofProcess) !== 0;
    return isTold && session[0] === ofProcess[0] ? session[0] : undefined;
  }

  return (address): PipeEnd | null => {
    const handle = open(address, read, 0, null, existing, asNobody, null);
    if (BigInt(handle) === invalid) return null;
    const session = sessionAt(handle);
    let isOpen = true;
    const end = () => {
      if (isOpen) close(handle);
      isOpen = false;
    };
    if (session !== undefined) return { session, close: end };
    end();
    throw new Error('Windows does not tell in which session a pipe was made');
  };
}
