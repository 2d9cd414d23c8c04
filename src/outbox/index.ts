export { append, hold, peek, setAside, settle, settleAll, take, type Topic } from './outbox';
