export { append, peek, setAside, settle, settleAll, take, type Topic } from './outbox';
