import type { PathFacts } from './path.ts';

/** The link to the server is down, but every part of the path works. */
export const whole: PathFacts = {
  linkUp: false,
  local: 'on',
  gateway: 'answers',
  names: 'answered',
  centreName: 'found',
  outside: 'reached',
  centre: 'proven',
  losesPackets: false,
  namesWorkedBefore: false,
};
/** Nothing behind the router responds. */
export const nothing: Partial<PathFacts> = { names: 'silent', centreName: 'missing', outside: 'silent', centre: 'silent' };
