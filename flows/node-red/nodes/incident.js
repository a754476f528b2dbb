export { incident as default } from './kinds.ts';
