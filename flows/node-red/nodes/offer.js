export { offer as default } from './kinds.ts';
