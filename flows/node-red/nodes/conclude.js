export { conclude as default } from './kinds.ts';
