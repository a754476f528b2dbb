export { when as default } from './kinds.ts';
