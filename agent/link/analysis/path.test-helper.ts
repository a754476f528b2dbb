/** What the path probe may see. */
import type { PathFacts } from './path.ts';

/** The link is lost, and nothing is wrong with any part. */
export const whole: PathFacts = {
  linkUp: false,
  local: 'on',
  gateway: 'answers',
  names: 'answered',
  centreName: 'found',
  outside: 'reached',
  centre: 'proven',
  losesPackets: false,
  wereWell: false,
};
/** Nothing behind the router answers. */
export const nothing: Partial<PathFacts> = { names: 'silent', centreName: 'missing', outside: 'silent', centre: 'silent' };
