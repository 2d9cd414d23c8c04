export { Allow, AskStillLetIn, Caller, Public, type RequestWithPrincipal, type StillLetIn } from './access.decorators';
export { AccessModule } from './access.module';
export { CallLimits, isCounted } from './call-limits';
export { requireCursor } from './cursor';
export { CUSTOMER_REF } from './customer-ref';
export { answerPreflight, EmbedOrigins, foreignOrigin, ORIGIN_NOT_ALLOWED } from './embed-origins';
export { issueKey, type KeyRights, type NewKey } from './issue-key';
export { personOf, type Principal, type PrincipalKind, type PrincipalOf, type Role } from './principal';
