export { append, peek, settle, take, type Topic } from './outbox';
