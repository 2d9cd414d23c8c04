export { Allow, Caller, Public } from './access.decorators';
export type { Principal, PrincipalKind, PrincipalOf, Role } from './principal';
