export { default } from './kinds/decide-node.ts';
