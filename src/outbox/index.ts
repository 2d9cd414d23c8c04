export { append, peek, settle, settleAll, take, type Topic } from './outbox';
