import type { PathFacts } from './path.ts';

/** Facts of a path whose parts all work, while the link to the server is down. */
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
/** Facts of a path on which nothing beyond the router responds. */
export const nothing: Partial<PathFacts> = { names: 'silent', centreName: 'missing', outside: 'silent', centre: 'silent' };
