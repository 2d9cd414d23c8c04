export { announce, announcing, type Announcement, type EventIds } from './announce';
export { type EventType, PROGRAMME_EVENTS, RECIPIENT_EVENTS } from './event-types';
export { Deliverer, type DelivererOptions } from './deliverer';
export { forgetOldDeliveries } from './forget-old-deliveries';
export type { OnDelivered } from './outcomes';
export { webhookBacklog } from './webhook-backlog';
