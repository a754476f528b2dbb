export { wait as default } from './kinds.ts';
